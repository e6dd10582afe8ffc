// The closed list of refusals, proto/spillway/common/v1/error_reason.proto, against what the code
// says: no reason outside the list, and no reason in the list that nothing can send.

import type { SourceFile } from './source-files.js';

/** Where a refusal can be worded: the outside layer of each service and what all of them share. */
const EDGE = /^services\/([^/]+\/api\/|gateway\/|platform\/rpc\/|[^/]+\/infra\/[^/]*-client\.ts$)/;
const TESTS = /\.(test|contract|fixture)\.ts$/;
/** Until all three speak, nobody can say that a reason is never sent. */
const SPEAKERS = ['services/order/api/', 'services/inventory/api/', 'services/payment/api/'];

export function declaredReasons(proto: string): string[] {
  return [...proto.matchAll(/^\s*ERROR_REASON_(\w+) = \d+/gm)].map((match) => match[1] ?? '');
}

/** Reasons that the code sends and the contract does not know. */
export function undeclaredReasons(
  declared: readonly string[],
  files: readonly SourceFile[],
): string[] {
  return edgeFiles(files).flatMap(({ path, text }) =>
    [...text.matchAll(/\breason:\s*['"]([A-Z][A-Z0-9_]*)['"]/g)]
      .map((match) => match[1] ?? '')
      .filter((reason) => !declared.includes(reason))
      .map((reason) => `${path}: ${reason}`),
  );
}

/** Reasons of the contract that no edge mentions. `reserved` names those that nobody sends yet. */
export function unsentReasons(
  declared: readonly string[],
  files: readonly SourceFile[],
  reserved: Readonly<Record<string, string>>,
): string[] {
  const edge = edgeFiles(files);
  if (!SPEAKERS.every((folder) => edge.some(({ path }) => path.startsWith(folder)))) return [];
  return declared.filter(
    (reason) =>
      !(reason in reserved) && !edge.some(({ text }) => new RegExp(`\\b${reason}\\b`).test(text)),
  );
}

function edgeFiles(files: readonly SourceFile[]): SourceFile[] {
  return files.filter(({ path }) => EDGE.test(path) && !TESTS.test(path));
}
