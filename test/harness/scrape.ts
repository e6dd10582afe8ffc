// The metrics of a mesh, as Prometheus would read them.

/** Name and labels as they were printed, and the value. */
export type Samples = ReadonlyMap<string, number>;

export async function scrape(address: string): Promise<Samples> {
  const response = await fetch(`http://${address}/metrics`);
  if (!response.ok) throw new Error(`${address} answers ${response.status}`);
  return samplesOf(await response.text());
}

export function samplesOf(text: string): Samples {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const space = line.lastIndexOf(' ');
    const value = line.slice(space + 1);
    samples.set(line.slice(0, space), value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value));
  }
  return samples;
}

/** The sum of a metric over processes, of the series whose labels contain all of the words. */
export function total(all: readonly Samples[], name: string, ...words: string[]): number {
  let sum = 0;
  for (const samples of all) {
    for (const [series, value] of samples) {
      if (nameOf(series) === name && words.every((word) => series.includes(word))) sum += value;
    }
  }
  return sum;
}

export function nameOf(series: string): string {
  return series.split('{', 1)[0] ?? '';
}
