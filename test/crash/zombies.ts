// Promise: a process that freezes with units in its hands, and wakes up after others have sold them,
// neither sells them again nor tells its client that it had; and while it is frozen, others sell.
// Method: a SKU of one or two units; the process freezes at a pause point, Redis forgets everything, a
// second process loads the SKU anew and sells one; then the first one goes on.
import { expect, test } from '@jest/globals';
import { freePort, LOOPBACK } from '../../launcher/ports.js';
import type { CrashPointName } from '../../services/platform/crash-point.js';
import { refusalOf, soon } from '../harness/clients.js';
import { fresh } from '../harness/shop.js';
import { type Answer, answersTo, type CrashStage, tryOnce, type Wanted } from './crash-stage.js';

/** Longer than a Redis command, a lock wait and a settle may take. */
const FROZEN_MS = 3_000;
/** MariaDB ends a transaction that is silent for 3 s, MySQL a connection that is for 30 s. */
const LOCKED_MS_MAX = 40_000;
/** The client of the frozen process waits for it all the same. */
const WAIT_MS = 25_000;

const GIVEN_UP = 30;
const GIVE_UP_MS = 500;

/** Where it freezes, with how many units there, and what its client hears in the end. */
const FROZEN: [CrashPointName, number, string][] = [
  ['gate.after', 1, 'SOLD_OUT'],
  ['gate.after', 2, 'RESERVED'],
  ['settle.before-commit', 1, 'SOLD_OUT'],
  ['settle.before-commit', 2, 'RESERVED'],
];

export function zombies(stage: () => CrashStage): void {
  test.each(FROZEN)(
    'at %s, with %d there, its client hears %s',
    async (point, units, word) => {
      const address = `${LOOPBACK}:${await freePort()}`;
      const zombie = await stage().start('inventory', address, { PAUSE_AT: point });
      try {
        const { inventory } = stage().mesh.connect({ inventory: [address] });
        const others = stage().mesh.clients.inventory;
        const sku = await stage().restocked(units);
        const [first, second] = [buyerOf(sku), buyerOf(sku)];

        const late = tryOnce(inventory, [first], { deadlineMs: Date.now() + WAIT_MS });
        expect(await zombie.reached).toBe(point);
        await stage().mesh.flushRedis();
        expect(has((await answersTo(others, [second], LOCKED_MS_MAX))[0])).toBe(true);
        await new Promise((resolve) => setTimeout(resolve, FROZEN_MS));
        zombie.thaw();

        // Its client may have given up waiting, and then asks again; what it hears is the same.
        const [answer] = await late;
        expect(['UNKNOWN', word]).toContain(answer?.word);
        const [again] = await answersTo(inventory, [first]);
        expect(has(again)).toBe(word === 'RESERVED');
        if (has(answer)) expect(again?.orderId).toBe(answer?.orderId);

        // At once, and not after a repair: what the zombie had been granted counted for nothing.
        expect(await stage().gate(sku)).toEqual(await stage().truth(sku));
        expect(await stage().books([sku])).toBe(`0/${units}/0`);
        const found = others.getReservation({ reservationId: first.id }, soon());
        if (has(again)) expect((await found).reservation?.orderId).toBe(again?.orderId);
        else expect((await refusalOf(found)).reason).toBe('RESERVATION_UNKNOWN');
      } finally {
        await zombie.stop();
      }
    },
    90_000,
  );

  test('what its callers gave up while it was frozen takes nothing afterwards', async () => {
    const sku = await stage().restocked(GIVEN_UP + 1);
    const [inventory] = stage().inventories;
    if (inventory === undefined) throw new Error('the mesh has no inventory');
    // Connected, so that the calls reach the frozen process and wait in its socket.
    await inventory.getStock({ skuId: sku }, soon());
    const waiting = Array.from({ length: GIVEN_UP }, () => buyerOf(sku));
    await stage().mesh.whileFrozen('inventory-1', async () => {
      const answers = await Promise.all(
        waiting.map((one) => tryOnce(inventory, [one], { deadlineMs: Date.now() + GIVE_UP_MS })),
      );
      expect(answers.flat().map(({ word }) => word)).toEqual(waiting.map(() => 'UNKNOWN'));
      await new Promise((resolve) => setTimeout(resolve, 2 * GIVE_UP_MS));
    });
    // Served after them, so they have had their chance.
    expect(has((await answersTo(inventory, [buyerOf(sku)]))[0])).toBe(true);
    expect(await stage().books([sku])).toBe(`${GIVEN_UP}/1/0`);
  }, 30_000);
}

function buyerOf(sku: string): Wanted {
  return { id: fresh('zombie-r'), user: fresh('user'), skus: [sku] };
}

function has(answer: Answer | undefined): boolean {
  return answer?.word === 'RESERVED' || answer?.word === 'DUPLICATE';
}
