// I3 Conservation. Every unit is where the books say, exactly: each SKU's row against its own
// reservations, restocks and ledger; the restocks against what clients were told; nothing held for
// nobody once all holds have ended; Redis at the same number as MySQL.

import { checkStock } from '../../audit/stock-check.js';
import type { Evidence, Violation } from '../evidence.js';

export function checkConservation(evidence: Evidence): Violation[] {
  const { end, rest } = evidence;
  const books = end.stocks.flatMap(checkStock).map((found) => broken(found.subject, found.detail));
  const missing = evidence.skuIds
    .filter((skuId) => !end.stocks.some((stock) => stock.skuId === skuId))
    .map((skuId) => broken(skuId, 'has no stock row'));
  const leaks = rest.leaked.map((what) => broken('holds', `${what} stay held for nobody`));
  const drifts = rest.drifted.map((what) => broken('gate', what));
  return [...books, ...missing, ...checkRestocks(evidence), ...leaks, ...drifts];
}

function checkRestocks({ attempts, end }: Evidence): Violation[] {
  const rows = new Map(end.restocks.map((row) => [row.id, row]));
  const found: Violation[] = [];
  const answers = new Map<string, { done: boolean; open: boolean }>();
  for (const attempt of attempts) {
    if (attempt.verb !== 'restock') continue;
    const answer = answers.get(attempt.id) ?? { done: false, open: false };
    if (attempt.type === 'ok') answer.done = true;
    else if (attempt.type !== 'fail') answer.open = true;
    answers.set(attempt.id, answer);
    const row = rows.get(attempt.id);
    const [line] = attempt.lines;
    if (row !== undefined && (row.skuId !== line?.skuId || row.delta !== line.quantity)) {
      found.push(broken(attempt.id, `asked ${line?.quantity}, stored ${row.delta} ${row.skuId}`));
    }
  }
  for (const [id, { done, open }] of answers) {
    if (done && !rows.has(id)) found.push(broken(id, 'acknowledged restock is not there'));
    if (!done && !open && rows.has(id)) found.push(broken(id, 'refused restock is there'));
  }
  return found;
}

function broken(subject: string, detail: string): Violation {
  return { invariant: 'I3', subject, detail };
}
