// The shape of a house rule that a linter does not know: which files it speaks of, what it finds in
// one, and the planted violation that it must be seen to find.

import type { SourceFile } from './source-files.js';

export interface Rule {
  name: string;
  why: string;
  files: RegExp;
  except?: RegExp;
  /** Line numbers (from 1) that break the rule. */
  finds: (file: SourceFile) => number[];
  /** Must be found. */
  planted: SourceFile[];
  /** Must be left alone. */
  lawful: SourceFile[];
}

export function findings(rule: Rule, files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => rule.files.test(path) && !rule.except?.test(path))
    .flatMap((file) =>
      rule.finds(file).map((line) => {
        const text = (file.text.split('\n')[line - 1] ?? '').trim().slice(0, 80);
        return `${file.path}:${line}: ${text}`;
      }),
    );
}

/** Lines on which the pattern occurs, anywhere in the text. */
export function inText(pattern: RegExp): Rule['finds'] {
  return ({ text }) => matchingLines(text.split('\n'), pattern);
}

/** Lines on which the pattern occurs in code: comments may speak of what code must not do. */
export function inCode(pattern: RegExp): Rule['finds'] {
  return ({ text }) => matchingLines(withoutComments(text).split('\n'), pattern);
}

function matchingLines(lines: string[], pattern: RegExp): number[] {
  return lines.flatMap((line, i) => (pattern.test(line) ? [i + 1] : []));
}

/** Blanks TypeScript comments and keeps the line count; a comment sign inside a string stays. */
function withoutComments(text: string): string {
  const stringsAndComments =
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(
    stringsAndComments,
    (match, string: string | undefined) => string ?? match.replace(/[^\n]/g, ' '),
  );
}
