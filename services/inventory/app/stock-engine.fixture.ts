// The reservation engine's contract is tables that a person can read. They run on the memory double and
// on real Redis + MySQL by changing one factory; `play` is the only place that knows the API.
//
//   verb     id  line[,line..]  [limit n]  OUTCOME  left n[,n..]
//
// The id of `back`, a return of lines, is that of the reservation, a slash, and its own.
//
// `left` is what MySQL says is available of each SKU of the table, and what the gate says wherever
// the SKU is loaded: the two agree after every step.

import { expect } from '@jest/globals';
import { systemClock as clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import { eventually } from '../../platform/real-servers.fixture.js';
import { granted } from '../domain/reservation.js';
import { CloseReservations } from './close-reservations.js';
import { HoldParts } from './hold-parts.js';
import type { Gate, StockBook } from './ports.js';
import { Rebase } from './rebase.js';
import { Refunds } from './refunds.js';
import { ReserveStock } from './reserve-stock.js';
import { RestockSku } from './restock-sku.js';

export interface Engine {
  readonly gate: Gate;
  readonly book: StockBook;
  /** Redis loses everything. */
  forget(): Promise<void>;
  /** Redis comes back with its data and a new replication id. */
  restart(): Promise<void>;
}

/** Makes an engine whose book reads so many ledger entries a page. */
export type OpenEngine = (o: { pageEntriesMax?: number }) => Promise<Engine>;

const DEADLINE_MS = 10_000;

/** Plays one table, row by row. */
export async function play(engine: Engine, table: string, log: Log): Promise<void> {
  const { book } = engine;
  const door = new PageDoor(engine.gate);
  const { gate } = door;
  const rebase = new Rebase({ gate, book, clock, log });
  const refunds = new Refunds({ gate, rebase, clock, log });
  book.onRefund((units) => refunds.send(units));
  const parts = new HoldParts({ gate, book, rebase, refunds, clock });
  const use = {
    reserve: new ReserveStock({ parts, book }),
    close: new CloseReservations(book),
    restock: new RestockSku({ book, rebase }),
  };
  // Every run has SKUs of its own, so that tables may share one Redis and one MySQL.
  const run = Math.random().toString(36).slice(2, 10);
  const sku = (name: string) => `${run}-${name}`;
  const seen: string[] = [];
  const orders = new Map<string, string>();
  const reserved = new Map<string, string[]>();
  const rows = table.split('\n').map((row) => row.trim());
  for (const row of rows.filter((text) => text !== '')) {
    const step = parse(row);
    for (const line of step.lines) if (!seen.includes(line.skuId)) seen.push(line.skuId);
    const outcome = await act({ engine, door, use, orders, reserved }, step, sku, run);
    expect(`${row} -> ${outcome}`).toBe(`${row} -> ${step.outcome}`);
    if (step.left === undefined) continue;
    const expected = step.left;
    await until(async () => {
      const stocks = await book.stocks(seen.map(sku), Date.now() + DEADLINE_MS);
      expect(`${row}: ${stocks.map((s) => s.available).join()}`).toBe(`${row}: ${expected.join()}`);
      const levels = await gate.levels(stocks);
      const loaded = levels.map((level, i) => level?.available ?? expected[i]);
      expect(`${row}: gate ${loaded.join()}`).toBe(`${row}: gate ${expected.join()}`);
      for (const s of stocks) expect(s.available + s.reserved + s.sold).toBe(s.total);
    });
  }
  await refunds.stop();
  await rebase.stop();
}

interface Step {
  verb: string;
  id: string;
  lines: { skuId: string; quantity: number }[];
  limit: number;
  outcome: string;
  left: number[] | undefined;
}

function parse(row: string): Step {
  const [, verb, id, lines, limit, outcome, left] =
    /^(\w+)\s+(\S+)\s+(\S+)\s+(?:limit (\d+)\s+)?(\w+)(?:\s+left (\S+))?$/.exec(row) ?? [];
  if (verb === undefined || id === undefined) throw new Error(`cannot read: ${row}`);
  return {
    verb,
    id,
    lines: (lines === '-' ? '' : (lines ?? ''))
      .split(',')
      .filter((line) => line !== '')
      .map((line) => {
        const [skuId = '', quantity = '0'] = line.split('=');
        return { skuId, quantity: Number(quantity) };
      }),
    limit: Number(limit ?? 0),
    outcome: outcome ?? '',
    left: left?.split(',').map(Number),
  };
}

interface Stage {
  engine: Engine;
  door: PageDoor;
  use: { reserve: ReserveStock; close: CloseReservations; restock: RestockSku };
  /** Who got which order: a duplicate is answered with the same. */
  orders: Map<string, string>;
  /** The SKUs of each reservation. */
  reserved: Map<string, string[]>;
}

async function act(
  { engine, door, use, orders, reserved }: Stage,
  step: Step,
  sku: (name: string) => string,
  run: string,
): Promise<string> {
  const deadlineMs = Date.now() + DEADLINE_MS;
  const [line] = step.lines;
  switch (step.verb) {
    case 'forget':
    case 'restart':
      await engine[step.verb]();
      return 'DONE';
    case 'hold':
      door.close();
      return 'DONE';
    case 'fill':
      await door.open();
      return 'DONE';
    case 'restock': {
      const skuId = sku(line?.skuId ?? '');
      const request = { requestId: `${run}-${step.id}`, skuId, delta: line?.quantity ?? 0 };
      return (await use.restock.restock({ ...request, reason: '' }, deadlineMs)).outcome;
    }
    case 'reserve': {
      const lines = step.lines.map(({ skuId, quantity }) => {
        return { skuId: sku(skuId), quantity, userLimit: step.limit };
      });
      reserved.set(
        step.id,
        lines.map(({ skuId }) => skuId),
      );
      const ids = { reservationId: `${run}-${step.id}`, orderId: nextOrderId(), userId: 'ann' };
      const [result] = await use.reserve.reserve([{ ...ids, lines }], deadlineMs);
      if (result === undefined || !granted(result)) return result?.outcome ?? '';
      const first = orders.get(step.id) ?? result.orderId;
      orders.set(step.id, first);
      return result.orderId === first ? result.outcome : `${result.outcome} of another order`;
    }
    case 'confirm':
    case 'release':
    case 'return': {
      const skuIds = step.lines.map(({ skuId }) => sku(skuId));
      const ref = { reservationId: `${run}-${step.id}`, orderId: 'o', skuIds };
      return (await use.close.close(step.verb, [ref], deadlineMs))[0] ?? '';
    }
    case 'back': {
      const [id = '', returnId = ''] = step.id.split('/');
      const skuIds = reserved.get(id) ?? step.lines.map(({ skuId }) => sku(skuId));
      const lines = step.lines.map((back) => ({ ...back, skuId: sku(back.skuId) }));
      const ref = { reservationId: `${run}-${id}`, orderId: 'o', skuIds, returnId, lines };
      return (await use.close.returnLines([ref], deadlineMs))[0] ?? '';
    }
    default:
      throw new Error(`no such verb: ${step.verb}`);
  }
}

// As the order service does: every try brings a new order id, and gets the first one back.
let lastOrder = 0;
function nextOrderId(): string {
  lastOrder += 1;
  return `${lastOrder}`;
}

async function until(check: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await check();
      return;
    } catch (error) {
      if (attempt === 40) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

/** A gate that can be made to wait for its older grants. */
class PageDoor {
  readonly gate: Gate;
  #opened = Promise.resolve();
  #open: () => void = () => undefined;
  /** SKUs that have been loaded without all grants, and not been completed since. */
  readonly #incomplete = new Set<string>();

  constructor(gate: Gate) {
    this.gate = {
      reserve: (parts) => gate.reserve(parts),
      refund: (refunds) => gate.refund(refunds),
      levels: (skus) => gate.levels(skus),
      sawEpoch: (skuId, epoch) => gate.sawEpoch(skuId, epoch),
      install: (loads) => {
        for (const { skuId, nextEntry } of loads) {
          if (nextEntry === undefined) this.#incomplete.delete(skuId);
          else this.#incomplete.add(skuId);
        }
        return gate.install(loads);
      },
      remember: async (recollection) => {
        await this.#opened;
        const reply = await gate.remember(recollection);
        if (recollection.last && reply === 'REMEMBERED') {
          this.#incomplete.delete(recollection.skuId);
        }
        return reply;
      },
    };
  }

  close(): void {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** Resolves when all lists are complete. There was something to complete, or the table is wrong. */
  async open(): Promise<void> {
    if (this.#incomplete.size === 0) throw new Error('there is no older page to wait for');
    this.#open();
    await eventually(() => this.#incomplete.size === 0);
  }
}
