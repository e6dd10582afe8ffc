// Documents point at files, headings and lines of the contract; a pointer that leads nowhere is
// worse than none. Addresses on the web are not followed: the tests need no network.

import { posix } from 'node:path';
import type { SourceFile } from './source-files.js';

const LINK = /(?<!!)\[[^\]]*\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g;
/** A path in backticks with a folder and an ending: `services/order/main.ts`. */
const NAMED_FILE = /`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|mjs|lua|sql|proto|md|json|yaml|yml))`/g;

/** Pointers of one document that lead nowhere. `paths` are all files of the repository. */
export function deadPointers(
  { path, text }: SourceFile,
  paths: readonly string[],
  read: (path: string) => string,
): string[] {
  const prose = text.replace(/```[\s\S]*?```/g, '');
  const links = [...prose.matchAll(LINK)].map((match) => match[1] ?? '');
  const named = [...prose.matchAll(NAMED_FILE)].map((match) => match[1] ?? '');
  return [
    ...links.filter((link) => !/^(https?|mailto):/.test(link) && !resolves(link)),
    ...named.filter((name) => !name.startsWith('.spillway/') && !exists(name)),
  ].map((pointer) => `${path}: ${pointer}`);

  function resolves(link: string): boolean {
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? path : posix.join(posix.dirname(path), file);
    const folder = target.replace(/\/?$/, '/');
    if (!paths.includes(target)) return paths.some((known) => known.startsWith(folder));
    return anchor === undefined || !target.endsWith('.md') || anchors(read(target)).has(anchor);
  }

  /** Readers know where they are: `app/reserve-stock.ts` will do under a heading on inventory. */
  function exists(name: string): boolean {
    return (
      /^(dist|node_modules)\//.test(name) || paths.some((known) => `/${known}`.endsWith(`/${name}`))
    );
  }
}

/** As GitHub makes them: lower case, punctuation dropped, spaces to hyphens. */
function anchors(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/^#+\s+(.+)$/gm)].map((match) =>
      (match[1] ?? '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    ),
  );
}
