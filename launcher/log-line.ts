// A line of JSON log as a person reads it: time, level, text, and the fields by name. Lines that are no
// JSON, such as those of MySQL and Redis, stay as they are.

interface Entry {
  readonly time?: unknown;
  readonly level?: unknown;
  readonly msg?: unknown;
  readonly err?: { readonly type?: unknown; readonly message?: unknown; readonly stack?: unknown };
}

/** Said already by the name of the process before each line. */
const LEFT_OUT = new Set(['time', 'level', 'msg', 'err', 'pid', 'service']);

const COLOURS: Readonly<Record<string, number>> = {
  fatal: 41,
  error: 31,
  warn: 33,
  info: 32,
  debug: 90,
  trace: 90,
};
const DIM = 2;

export function readableLine(line: string, colours: boolean): string {
  const entry = parse(line);
  if (entry === undefined) return line;
  const paint = (code: number, text: string) =>
    colours ? `\u001b[${code}m${text}\u001b[0m` : text;
  const level = String(entry.level);
  const parts = [
    paint(DIM, clockOf(String(entry.time))),
    paint(COLOURS[level] ?? 0, level.toUpperCase().padEnd(5)),
    typeof entry.msg === 'string' ? entry.msg : '',
    ...Object.entries(entry)
      .filter(([key]) => !LEFT_OUT.has(key))
      .map(([key, value]) => `${paint(DIM, `${key}=`)}${textOf(value)}`),
  ];
  const told = parts.filter((part) => part !== '').join(' ');
  return entry.err === undefined ? told : `${told}\n${paint(DIM, errorOf(entry.err))}`;
}

function parse(line: string): Entry | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const entry = JSON.parse(line) as Entry;
    return typeof entry.level === 'string' && typeof entry.time === 'string' ? entry : undefined;
  } catch {
    return undefined;
  }
}

/** Hours to milliseconds, in UTC as the log has it. */
function clockOf(time: string): string {
  return /T([0-9:.]+)Z/.exec(time)?.[1] ?? time;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The stack begins with type and message. */
function errorOf({ type, message, stack }: NonNullable<Entry['err']>): string {
  const text = typeof stack === 'string' ? stack : `${textOf(type)}: ${textOf(message)}`;
  return text.replace(/^/gm, '    ');
}
