// The payment provider's sandbox as a test meets it: commands that make it misbehave, its own books, and
// its death and return.
import { createHmac } from 'node:crypto';
import path from 'node:path';
import { startService } from '../../launcher/mesh.js';
import { endProcess, type ProcessTable } from '../../launcher/process-table.js';
import { ensureSecrets } from '../../launcher/secrets.js';

const NAME = 'sandbox-1';
const START_MS_MAX = 30_000;

/** A charge or a refund, as the provider's statement tells it. */
export interface Movement {
  readonly number: string;
  readonly kind: 'charge' | 'refund';
  readonly reference: string;
  readonly amount_minor: number;
}

export class TestProvider {
  readonly #table: ProcessTable;

  constructor(table: ProcessTable) {
    this.#table = table;
  }

  get url(): string {
    return this.#table.state.sandbox[0] ?? '';
  }

  /** What it signs callbacks with. */
  get secret(): string {
    return ensureSecrets(this.#table.home).providerSecret;
  }

  /** The value of the signature header, as the provider makes it. */
  sign(body: string | Uint8Array, o: { seconds?: number; secret?: string } = {}): string {
    const seconds = o.seconds ?? Math.floor(Date.now() / 1_000);
    const hmac = createHmac('sha256', o.secret ?? this.secret)
      .update(`${seconds}.`)
      .update(body);
    return `t=${seconds},v1=${hmac.digest('hex')}`;
  }

  /** From now on it misbehaves so; no rules = not at all. */
  async command(rules: readonly object[], seed = 1): Promise<void> {
    const body = JSON.stringify({ seed, rules });
    const response = await fetch(`${this.url}/v1/faults`, { method: 'PUT', body });
    if (!response.ok) throw new Error(`the provider refuses: ${await response.text()}`);
  }

  /** How often each fault has happened since the last command. */
  async counts(): Promise<Record<string, number>> {
    const { counts } = (await this.#get('/v1/faults')) as { counts: Record<string, number> };
    return counts;
  }

  /** The number of a charge, by the key under which it was ordered. */
  async numberOf(key: string): Promise<string> {
    const charge = await this.#get(`/v1/charges?idempotency_key=${key}`);
    return (charge as { number: string }).number;
  }

  /** Orders a charge of nobody's order and answers its number; its callback leads nowhere. */
  async charge(key: string, method: string): Promise<string> {
    const amount = { currency: 'EUR', amount_minor: 1_000 };
    const callback_url = 'http://127.0.0.1:9/';
    const response = await fetch(`${this.url}/v1/charges`, {
      method: 'POST',
      headers: { 'idempotency-key': key },
      body: JSON.stringify({ amount, reference: key, method, callback_url }),
    });
    if (!response.ok) throw new Error(`no charge: ${response.status}`);
    return ((await response.json()) as { number: string }).number;
  }

  /** Money that has moved, oldest first. */
  async movements(reference: string): Promise<Movement[]> {
    const text = await (await fetch(`${this.url}/v1/statement`)).text();
    const lines = text.split('\n').filter((line) => line !== '');
    const movements = lines.map((line) => JSON.parse(line) as Movement);
    return movements.filter((movement) => movement.reference === reference);
  }

  /** The same in few words: `charge 1000`. */
  async moneyOf(reference: string): Promise<string[]> {
    const movements = await this.movements(reference);
    return movements.map(({ kind, amount_minor }) => `${kind} ${amount_minor}`);
  }

  /** At once, as by a power cut. Answers what starts it again: same address, same books. */
  async kill(): Promise<() => Promise<void>> {
    const table = this.#table;
    const record = table.state.processes.findLast(({ name }) => name === NAME);
    if (record === undefined) throw new Error(`the mesh has no process ${NAME}`);
    process.kill(record.pid, 'SIGKILL');
    await endProcess(record, 1);
    const { address } = record;
    const env = {
      LISTEN: address,
      PROVIDER_SECRETS: this.secret,
      SANDBOX_LEDGER: path.join(table.home.dataDir, 'sandbox-ledger.jsonl'),
    };
    const planned = { name: NAME, program: 'sandbox', address, env } as const;
    return () => startService(table, planned, AbortSignal.timeout(START_MS_MAX));
  }

  async #get(page: string): Promise<unknown> {
    return await (await fetch(`${this.url}${page}`)).json();
  }
}
