// A chart of horizontal bars as SVG, readable in light and in dark: colours are set by the reader's
// own scheme, and every bar says its number. Pure.

export interface Bar {
  readonly label: string;
  /** One value per series, stacked from the left. */
  readonly values: readonly number[];
  /** What stands behind the bar. */
  readonly note: string;
}

export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
}

export interface BarChart {
  readonly title: string;
  readonly subtitle: string;
  /** Names of the stacked values; a single one needs no legend. */
  readonly series: readonly string[];
  readonly groups: readonly BarGroup[];
}

const WIDTH = 860;
const LABEL_WIDTH = 290;
const NOTE_WIDTH = 120;
const BAR_WIDTH = WIDTH - LABEL_WIDTH - NOTE_WIDTH;
const ROW_HEIGHT = 24;
const BAR_HEIGHT = 15;
const GROUP_GAP = 12;
const HEAD_HEIGHT = 56;
const LEGEND_HEIGHT = 26;
const LETTER_WIDTH = 7.2;

/** Told apart also by people who do not see all colours (Okabe and Ito), on white and on black. */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#8a8a8a'];

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .dim { fill: #59636e; }
  .group { font-weight: 600; }
  .ground { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .dim { fill: #9198a1; }
    .ground { fill: #0d1117; }
  }`;

export function renderBarChart(chart: BarChart): string {
  const most = Math.max(...chart.groups.flatMap(({ bars }) => bars.map(sum)), 1e-9);
  const parts: string[] = [text(16, 24, chart.title, 'title'), text(16, 44, chart.subtitle, 'dim')];
  let y = HEAD_HEIGHT;
  if (chart.series.length > 1) {
    parts.push(...legend(chart.series, y));
    y += LEGEND_HEIGHT;
  }
  for (const { title, bars } of chart.groups) {
    if (title !== '') {
      parts.push(text(16, y + ROW_HEIGHT - 8, title, 'group'));
      y += ROW_HEIGHT;
    }
    for (const bar of bars) {
      parts.push(...barAt(bar, y, most));
      y += ROW_HEIGHT;
    }
    y += GROUP_GAP;
  }
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" role="img">`;
  return [
    open,
    `<title>${xml(chart.title)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="ground" width="${WIDTH}" height="${y}" rx="6"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function legend(series: readonly string[], y: number): string[] {
  let x = LABEL_WIDTH;
  return series.flatMap((name, i) => {
    const square = `<rect x="${x}" y="${y}" width="11" height="11" fill="${colourOf(i)}"/>`;
    const label = text(x + 16, y + 10, name, 'dim');
    x += 34 + name.length * LETTER_WIDTH;
    return [square, label];
  });
}

function barAt(bar: Bar, y: number, most: number): string[] {
  const top = y + (ROW_HEIGHT - BAR_HEIGHT) / 2;
  const base = y + ROW_HEIGHT - 8;
  let x = LABEL_WIDTH;
  const pieces = bar.values.map((value, i) => {
    const width = (value / most) * BAR_WIDTH;
    const place = `x="${x.toFixed(1)}" y="${top}" width="${width.toFixed(1)}"`;
    x += width;
    return `<rect ${place} height="${BAR_HEIGHT}" fill="${colourOf(i)}"/>`;
  });
  const place = `x="${LABEL_WIDTH - 10}" y="${base}" text-anchor="end"`;
  const label = `<text ${place}>${xml(bar.label)}</text>`;
  return [label, ...pieces, text(Math.round(x + 6), base, bar.note, 'dim')];
}

function text(x: number, y: number, content: string, style: string): string {
  return `<text x="${x}" y="${y}" class="${style}">${xml(content)}</text>`;
}

function colourOf(series: number): string {
  return COLOURS[series % COLOURS.length] as string;
}

function sum({ values }: Bar): number {
  return values.reduce((total, value) => total + value, 0);
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
