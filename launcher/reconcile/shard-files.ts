// Sorts a statement by shard on disk, so that the two books can be compared shard by shard and no more
// than a 64th of them is in memory at once. What belongs to no payment that could be ours is apart.

import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { geneOf, parseId } from '../../services/platform/ids.js';
import type { Movement } from './movement.js';

const PAYMENT_ID = /^p-([1-9][0-9]{0,18})(?:-balance)?$/;
/** Per shard; 65 files of it are 4 MiB. */
const WAITING_CHARS_MAX = 64 * 1024;

type Pile = number | 'strange';

export class ShardFiles {
  readonly #dir = mkdtempSync(path.join(tmpdir(), 'spillway-statement-'));
  readonly #waiting = new Map<Pile, string>();
  count = 0;

  add(movement: Movement): void {
    const pile = pileOf(movement.reference);
    const line = JSON.stringify({ ...movement, amountMinor: String(movement.amountMinor) });
    const text = `${this.#waiting.get(pile) ?? ''}${line}\n`;
    this.#waiting.set(pile, text);
    this.count += 1;
    if (text.length > WAITING_CHARS_MAX) this.#write(pile);
  }

  read(pile: Pile): Movement[] {
    this.#write(pile);
    const file = this.#fileOf(pile);
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => {
      const movement = JSON.parse(line) as Movement & { amountMinor: string };
      return { ...movement, amountMinor: BigInt(movement.amountMinor) };
    });
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #write(pile: Pile): void {
    const text = this.#waiting.get(pile);
    if (text === undefined) return;
    appendFileSync(this.#fileOf(pile), text, { mode: 0o600 });
    this.#waiting.delete(pile);
  }

  #fileOf(pile: Pile): string {
    return path.join(this.#dir, `${pile}.jsonl`);
  }
}

/** By the order's gene, as our own rows lie. */
function pileOf(reference: string): Pile {
  const orderId = parseId(PAYMENT_ID.exec(reference)?.[1] ?? '');
  return orderId === undefined ? 'strange' : geneOf(orderId);
}
