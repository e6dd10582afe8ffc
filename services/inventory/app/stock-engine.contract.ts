// The reservation engine's contract as tables that a person can read. Run on the memory double and on
// real Redis + MySQL by changing one factory; `play` is the only place that knows the API.
//
//   verb     id  line[,line..]  [limit n]  [order o]  OUTCOME  left n[,n..]
//
// `left` is what MySQL says is available of each SKU of the table, and what the gate says wherever
// the SKU is loaded: the two agree after every step.

import { expect, test } from '@jest/globals';
import { systemClock as clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
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

const TABLES: Record<string, string> = {
  'idempotency is checked before stock': `
    restock  r1  sku-1=3           DONE       left 3
    reserve  o1  sku-1=2           RESERVED   left 1
    reserve  o1  sku-1=2           DUPLICATE  left 1
    reserve  o2  sku-1=2           SOLD_OUT   left 1
    reserve  o3  sku-1=1           RESERVED   left 0
    reserve  o1  sku-1=2           DUPLICATE  left 0
    release  o1  sku-1             DONE       left 2
    release  o1  sku-1             DONE       left 2
    reserve  o1  sku-1=2           CLOSED     left 2`,
  'undo before do leaves a tombstone that a late do runs into': `
    restock  r1  sku-1=3           DONE       left 3
    release  o9  sku-1             DONE       left 3
    reserve  o9  sku-1=1           CLOSED     left 3
    confirm  o9  sku-1             RESERVATION_CLOSED  left 3`,
  'confirm sells, and what is sold is not released': `
    restock  r1  sku-1=3           DONE       left 3
    reserve  o1  sku-1=1           RESERVED   left 2
    confirm  o1  sku-1             DONE       left 2
    confirm  o1  sku-1             DONE       left 2
    release  o1  sku-1             RESERVATION_CONFIRMED  left 2
    reserve  o1  sku-1=1           DUPLICATE  left 2
    return   o1  sku-1             DONE       left 3
    return   o1  sku-1             DONE       left 3
    reserve  o1  sku-1=1           CLOSED     left 3
    confirm  o8  sku-1             RESERVATION_UNKNOWN  left 3`,
  'a return waits for its confirm': `
    restock  r1  sku-1=3           DONE       left 3
    reserve  o1  sku-1=1           RESERVED   left 2
    return   o1  sku-1             UNKNOWN    left 2
    confirm  o1  sku-1             DONE       left 2
    return   o1  sku-1             DONE       left 3`,
  'the same id with another body is refused and takes nothing': `
    restock  r1  sku-1=9           DONE       left 9
    reserve  o1  sku-1=2           RESERVED   left 7
    reserve  o1  sku-1=3           REQUEST_ID_REUSED  left 7
    reserve  o1  sku-1=2           DUPLICATE  left 7
    restock  r1  sku-1=8           REQUEST_ID_REUSED  left 7
    restock  r1  sku-1=9           DONE       left 7`,
  'an unknown SKU is said to be unknown': `
    reserve  o1  sku-0=1           SKU_UNKNOWN
    restock  r1  sku-0=-1          SKU_UNKNOWN
    confirm  o1  sku-0             RESERVATION_UNKNOWN`,
  'units can be taken off, down to what is reserved or sold': `
    restock  r1  sku-1=5           DONE       left 5
    reserve  o1  sku-1=2           RESERVED   left 3
    restock  r2  sku-1=-4          STOCK_TOO_LOW  left 3
    restock  r3  sku-1=-3          DONE       left 0
    reserve  o2  sku-1=1           SOLD_OUT   left 0
    restock  r4  sku-1=1           DONE       left 1
    reserve  o2  sku-1=1           RESERVED   left 0`,
  'the limit per user holds, and comes back with a release': `
    restock  r1  sku-1=9           DONE       left 9
    reserve  o1  sku-1=2 limit 3   RESERVED   left 7
    reserve  o2  sku-1=2 limit 3   USER_LIMIT left 7
    reserve  o3  sku-1=1 limit 3   RESERVED   left 6
    reserve  o4  sku-1=1 limit 3   USER_LIMIT left 6
    release  o1  sku-1             DONE       left 8
    reserve  o5  sku-1=2 limit 3   RESERVED   left 6
    forget   -   -                 DONE
    reserve  o6  sku-1=1 limit 3   USER_LIMIT left 6`,
  'several lines, over several partitions, are held all or not at all': `
    restock  r1  sku-1=2           DONE       left 2
    restock  r2  sku-2=1           DONE       left 2,1
    restock  r3  sku-3=9           DONE       left 2,1,9
    reserve  o1  sku-1=1,sku-2=1,sku-3=2   RESERVED   left 1,0,7
    reserve  o1  sku-3=2,sku-1=1,sku-2=1   DUPLICATE  left 1,0,7
    reserve  o2  sku-1=1,sku-2=1,sku-3=2   SOLD_OUT   left 1,0,7
    confirm  o1  sku-1,sku-2,sku-3         DONE       left 1,0,7
    return   o1  sku-1,sku-2,sku-3         DONE       left 2,1,9
    reserve  o3  sku-1=1,sku-2=1,sku-3=2   RESERVED   left 1,0,7
    release  o3  sku-1,sku-2,sku-3         DONE       left 2,1,9`,
  'a Redis that has forgotten everything answers retries as before': `
    restock  r1  sku-1=2           DONE       left 2
    reserve  o1  sku-1=1           RESERVED   left 1
    reserve  o2  sku-1=1           RESERVED   left 0
    forget   -   -                 DONE       left 0
    reserve  o1  sku-1=1           DUPLICATE  left 0
    reserve  o3  sku-1=1           SOLD_OUT   left 0
    release  o2  sku-1             DONE       left 1
    forget   -   -                 DONE       left 1
    reserve  o2  sku-1=1           CLOSED     left 1
    reserve  o4  sku-1=1           RESERVED   left 0`,
  'a restarted Redis is not believed, even with its data': `
    restock  r1  sku-1=2           DONE       left 2
    reserve  o1  sku-1=1           RESERVED   left 1
    restart  -   -                 DONE       left 1
    reserve  o1  sku-1=1           DUPLICATE  left 1
    reserve  o2  sku-1=1           RESERVED   left 0
    restart  -   -                 DONE       left 0
    reserve  o3  sku-1=1           SOLD_OUT   left 0`,
};

const DEADLINE_MS = 10_000;

export function stockEngineContract(open: () => Promise<Engine>, quiet: Log): void {
  test.each(Object.entries(TABLES))('%s', async (_, table) => {
    const engine = await open();
    await play(engine, table, quiet);
  });
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

async function play(engine: Engine, table: string, log: Log): Promise<void> {
  const { gate, book } = engine;
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
  const rows = table.split('\n').map((row) => row.trim());
  for (const row of rows.filter((text) => text !== '')) {
    const step = parse(row);
    for (const line of step.lines) if (!seen.includes(line.skuId)) seen.push(line.skuId);
    const outcome = await act(engine, use, step, sku, run);
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

async function act(
  engine: Engine,
  use: { reserve: ReserveStock; close: CloseReservations; restock: RestockSku },
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
    case 'restock': {
      const skuId = sku(line?.skuId ?? '');
      const request = { requestId: `${run}-${step.id}`, skuId, delta: line?.quantity ?? 0 };
      return (await use.restock.restock({ ...request, reason: '' }, deadlineMs)).outcome;
    }
    case 'reserve': {
      const lines = step.lines.map(({ skuId, quantity }) => {
        return { skuId: sku(skuId), quantity, userLimit: step.limit };
      });
      const ids = { reservationId: `${run}-${step.id}`, orderId: nextOrderId(), userId: 'ann' };
      const [result] = await use.reserve.reserve([{ ...ids, lines }], deadlineMs);
      return result?.outcome ?? '';
    }
    case 'confirm':
    case 'release':
    case 'return': {
      const skuIds = step.lines.map(({ skuId }) => sku(skuId));
      const ref = { reservationId: `${run}-${step.id}`, orderId: 'o', skuIds };
      return (await use.close.close(step.verb, [ref], deadlineMs))[0] ?? '';
    }
    default:
      throw new Error(`no such verb: ${step.verb}`);
  }
}

// As the order service does: every try brings a new order id, and gets the first one back.
let orders = 0;
function nextOrderId(): string {
  orders += 1;
  return `${orders}`;
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
