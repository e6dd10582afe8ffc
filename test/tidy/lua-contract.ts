// A Lua script's header is its contract: KEYS and ARGV by name and order, the words it may REPLY,
// and the ORDER of its checks. The TypeScript that calls it lists the same in its table SCRIPTS.
// Nothing at run time compares the two, and a swapped argument is a wrong sale; so this does.

export interface ScriptEntry {
  file: string;
  keys: readonly string[];
  args: readonly string[];
  replies: readonly string[];
}

type Header = Record<'KEYS' | 'ARGV' | 'REPLY' | 'ORDER', string>;

/** Problems between the scripts (file name to text) and the table; empty when they agree. */
export function luaProblems(
  scripts: ReadonlyMap<string, string>,
  table: Record<string, ScriptEntry>,
): string[] {
  const entries = Object.values(table);
  const listed = new Set(entries.map(({ file }) => file));
  return [
    ...[...scripts.keys()]
      .filter((file) => !listed.has(file))
      .map((file) => `${file}: not in SCRIPTS`),
    ...entries.flatMap((entry) => {
      const text = scripts.get(entry.file);
      return text === undefined ? [`${entry.file}: no such script`] : scriptProblems(entry, text);
    }),
  ];
}

function scriptProblems(entry: ScriptEntry, text: string): string[] {
  const header = readHeader(text);
  const problems: string[] = [];
  const differ = (what: string, lua: readonly string[], ts: readonly string[]) => {
    if (lua.join(' ') === ts.join(' ')) return;
    problems.push(`${entry.file}: ${what} is [${lua.join(' ')}], in SCRIPTS [${ts.join(' ')}]`);
  };

  if (!text.startsWith(`-- ${entry.file}: `)) {
    problems.push(`${entry.file}: the first line is not "-- ${entry.file}: <its job>"`);
  }
  differ('KEYS', words(header.KEYS), entry.keys);
  differ('ARGV', words(header.ARGV), entry.args);
  differ('REPLY', replyWords(header.REPLY.split('|')), replyWords(entry.replies));
  if (header.ORDER === '') problems.push(`${entry.file}: no ORDER line`);
  return [...problems, ...bodyProblems(entry, text)];
}

/** The body says each reply word, and reads no more keys and arguments than the header names. */
function bodyProblems({ file, keys, args, replies }: ScriptEntry, text: string): string[] {
  const body = text.replace(/--.*$/gm, '');
  const unsaid = replyWords(replies).filter((word) => !new RegExp(`['"]${word}['"]`).test(body));
  return [
    ...unsaid.map((word) => `${file}: never replies ${word}`),
    ...[...indexes(body, 'KEYS')].filter((i) => i > keys.length).map((i) => `${file}: KEYS[${i}]`),
    ...[...indexes(body, 'ARGV')].filter((i) => i > args.length).map((i) => `${file}: ARGV[${i}]`),
  ];
}

function readHeader(text: string): Header {
  const header: Header = { KEYS: '', ARGV: '', REPLY: '', ORDER: '' };
  let open: keyof Header | undefined;
  for (const line of text.split('\n')) {
    // Prose may follow below an empty comment line; the contract is over.
    if (!line.startsWith('-- ')) break;
    const [, word, rest] = /^-- (KEYS|ARGV|REPLY|ORDER)\b(.*)$/.exec(line) ?? [];
    if (word !== undefined) open = word as keyof Header;
    // A long list goes on below, indented.
    const continued = /^-- {3,}(.*)$/.exec(line)?.[1];
    if (open !== undefined) header[open] += ` ${rest ?? continued ?? ''}`;
  }
  for (const key of Object.keys(header) as (keyof Header)[]) header[key] = header[key].trim();
  return header;
}

function words(list: string): string[] {
  return list.split(/\s+/).filter((word) => word !== '' && word !== '-');
}

/** `SOLD_OUT, available` replies the word SOLD_OUT and then a number. */
function replyWords(replies: readonly string[]): string[] {
  return replies.map((reply) => reply.trim().split(/[\s,]/)[0] ?? '').filter((word) => word !== '');
}

function indexes(body: string, name: string): Set<number> {
  return new Set(
    [...body.matchAll(new RegExp(`\\b${name}\\[(\\d+)\\]`, 'g'))].map((m) => Number(m[1])),
  );
}
