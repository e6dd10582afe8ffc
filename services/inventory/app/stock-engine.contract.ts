// What a reservation promises, as tables. What holds while Redis forgets is in redis-loss.contract.ts.

import { test } from '@jest/globals';
import type { Log } from '../../platform/log.js';
import { type OpenEngine, play } from './stock-engine.fixture.js';

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
  'units come back line by line, each return once, and a return later brings the rest': `
    restock  r1     sku-1=5            DONE       left 5
    restock  r2     sku-2=5            DONE       left 5,5
    reserve  o1     sku-1=3,sku-2=2    RESERVED   left 2,3
    back     o1/b1  sku-1=1            UNKNOWN    left 2,3
    confirm  o1     sku-1,sku-2        DONE       left 2,3
    back     o1/b1  sku-1=1            DONE       left 3,3
    back     o1/b1  sku-1=1            DONE       left 3,3
    back     o1/b1  sku-1=2            RETURN_REFUSED  left 3,3
    back     o1/b2  sku-1=3            RETURN_REFUSED  left 3,3
    back     o1/b2  sku-1=1,sku-2=2    DONE       left 4,5
    reserve  o1     sku-1=3,sku-2=2    DUPLICATE  left 4,5
    forget   -      -                  DONE
    back     o1/b2  sku-1=1,sku-2=2    DONE       left 4,5
    reserve  o2     sku-1=4            RESERVED   left 0,5
    return   o1     sku-1,sku-2        DONE       left 1,5
    back     o1/b3  sku-1=1            DONE       left 1,5
    reserve  o1     sku-1=3,sku-2=2    CLOSED     left 1,5
    back     o2/b1  sku-1=1            UNKNOWN    left 1,5
    release  o2     sku-1              DONE       left 5,5
    back     o2/b1  sku-1=1            RESERVATION_CLOSED  left 5,5
    back     o8/b1  sku-1=1            RESERVATION_UNKNOWN left 5,5`,
  'what came back line by line is not counted against the limit per user': `
    restock  r1     sku-1=9            DONE       left 9
    reserve  o1     sku-1=3 limit 3    RESERVED   left 6
    confirm  o1     sku-1              DONE       left 6
    back     o1/b1  sku-1=2            DONE       left 8
    reserve  o2     sku-1=3 limit 3    USER_LIMIT left 8
    reserve  o3     sku-1=2 limit 3    RESERVED   left 6
    forget   -      -                  DONE
    reserve  o4     sku-1=1 limit 3    USER_LIMIT left 6
    return   o1     sku-1              DONE       left 7
    reserve  o5     sku-1=1 limit 3    RESERVED   left 6`,
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
};

export function stockEngineContract(open: OpenEngine, log: Log): void {
  test.each(Object.entries(TABLES))('%s', async (_, table) => play(await open({}), table, log));
}
