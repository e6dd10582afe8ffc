// What a Redis that lost its memory must not change, as tables: whoever was granted a unit hears so
// again, however long ago that was, and nobody else gets it. The engine reads two ledger entries a
// page, so that a few reservations are more than one page.
//
// `hold` keeps all pages after the first from the gate, as if they took long to read; `fill` lets them go
// and waits for the last one.

import { test } from '@jest/globals';
import type { Log } from '../../platform/log.js';
import { type OpenEngine, play } from './stock-engine.fixture.js';

const TABLES: Record<string, string> = {
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
  'older grants than one page come back too': `
    restock  r1  sku-1=5           DONE       left 5
    reserve  o1  sku-1=1           RESERVED   left 4
    reserve  o2  sku-1=1           RESERVED   left 3
    reserve  o3  sku-1=1           RESERVED   left 2
    reserve  o4  sku-1=1           RESERVED   left 1
    reserve  o5  sku-1=1           RESERVED   left 0
    forget   -   -                 DONE       left 0
    reserve  o5  sku-1=1           DUPLICATE  left 0
    reserve  o1  sku-1=1           DUPLICATE  left 0
    reserve  o6  sku-1=1           SOLD_OUT   left 0`,
  'a winner of a sold-out SKU is found before his page has come': `
    restock  r1  sku-1=4           DONE       left 4
    reserve  o1  sku-1=1           RESERVED   left 3
    reserve  o2  sku-1=1           RESERVED   left 2
    reserve  o3  sku-1=1           RESERVED   left 1
    reserve  o4  sku-1=1           RESERVED   left 0
    confirm  o2  sku-1             DONE       left 0
    hold     -   -                 DONE       left 0
    forget   -   -                 DONE       left 0
    reserve  o1  sku-1=1           DUPLICATE  left 0
    reserve  o2  sku-1=1           DUPLICATE  left 0
    reserve  o9  sku-1=1           SOLD_OUT   left 0
    reserve  o1  sku-1=2           REQUEST_ID_REUSED  left 0
    fill     -   -                 DONE       left 0
    reserve  o1  sku-1=1           DUPLICATE  left 0
    reserve  o9  sku-1=1           SOLD_OUT   left 0`,
  'a buyer at his limit hears of the order that he has, before its page has come': `
    restock  r1  sku-1=9           DONE       left 9
    reserve  o1  sku-1=2 limit 3   RESERVED   left 7
    reserve  o2  sku-1=1 limit 3   RESERVED   left 6
    confirm  o2  sku-1             DONE       left 6
    hold     -   -                 DONE       left 6
    forget   -   -                 DONE       left 6
    reserve  o1  sku-1=2 limit 3   DUPLICATE  left 6
    reserve  o9  sku-1=1 limit 3   USER_LIMIT left 6
    fill     -   -                 DONE       left 6
    reserve  o1  sku-1=2 limit 3   DUPLICATE  left 6
    reserve  o9  sku-1=1 limit 3   USER_LIMIT left 6`,
  'a closed request of a sold-out SKU stays closed, before its page has come': `
    restock  r1  sku-1=2           DONE       left 2
    reserve  o1  sku-1=1           RESERVED   left 1
    reserve  o2  sku-1=1           RESERVED   left 0
    release  o1  sku-1             DONE       left 1
    reserve  o3  sku-1=1           RESERVED   left 0
    release  o8  sku-1             DONE       left 0
    confirm  o2  sku-1             DONE       left 0
    hold     -   -                 DONE       left 0
    forget   -   -                 DONE       left 0
    reserve  o1  sku-1=1           CLOSED     left 0
    reserve  o8  sku-1=1           CLOSED     left 0
    fill     -   -                 DONE       left 0
    reserve  o1  sku-1=1           CLOSED     left 0
    reserve  o3  sku-1=1           DUPLICATE  left 0`,
  'a unit that comes back between two pages comes back once': `
    restock  r1  sku-1=3           DONE       left 3
    reserve  o1  sku-1=1           RESERVED   left 2
    reserve  o2  sku-1=1           RESERVED   left 1
    reserve  o3  sku-1=1           RESERVED   left 0
    confirm  o3  sku-1             DONE       left 0
    hold     -   -                 DONE       left 0
    forget   -   -                 DONE       left 0
    reserve  o9  sku-1=1           SOLD_OUT   left 0
    release  o1  sku-1             DONE       left 1
    fill     -   -                 DONE       left 1
    release  o1  sku-1             DONE       left 1
    reserve  o1  sku-1=1           CLOSED     left 1
    reserve  o9  sku-1=1           RESERVED   left 0
    reserve  o1  sku-1=1           CLOSED     left 0
    reserve  o2  sku-1=1           DUPLICATE  left 0`,
  'a winner who is granted again before his page has come gives the second unit back': `
    restock  r1  sku-1=5           DONE       left 5
    reserve  o1  sku-1=1           RESERVED   left 4
    reserve  o2  sku-1=1           RESERVED   left 3
    reserve  o3  sku-1=1           RESERVED   left 2
    hold     -   -                 DONE       left 2
    forget   -   -                 DONE       left 2
    reserve  o1  sku-1=1           DUPLICATE  left 2
    reserve  o1  sku-1=2           REQUEST_ID_REUSED  left 2
    reserve  o4  sku-1=2           RESERVED   left 0
    fill     -   -                 DONE       left 0
    reserve  o1  sku-1=1           DUPLICATE  left 0
    reserve  o4  sku-1=2           DUPLICATE  left 0
    reserve  o5  sku-1=1           SOLD_OUT   left 0`,
  'parts of several partitions are found, each in its own gate': `
    restock  r1  sku-1=2           DONE       left 2
    restock  r2  sku-2=2           DONE       left 2,2
    reserve  o1  sku-1=1,sku-2=1   RESERVED   left 1,1
    reserve  o2  sku-1=1           RESERVED   left 0,1
    reserve  o3  sku-2=1           RESERVED   left 0,0
    confirm  o2  sku-1             DONE       left 0,0
    confirm  o3  sku-2             DONE       left 0,0
    hold     -   -                 DONE       left 0,0
    forget   -   -                 DONE       left 0,0
    reserve  o1  sku-2=1,sku-1=1   DUPLICATE  left 0,0
    reserve  o9  sku-1=1,sku-2=1   SOLD_OUT   left 0,0
    fill     -   -                 DONE       left 0,0
    reserve  o1  sku-1=1,sku-2=1   DUPLICATE  left 0,0`,
};

const ENTRIES_PER_PAGE = 2;

export function redisLossContract(open: OpenEngine, log: Log): void {
  test.each(Object.entries(TABLES))('%s', async (_, table) =>
    play(await open({ pageEntriesMax: ENTRIES_PER_PAGE }), table, log),
  );
}
