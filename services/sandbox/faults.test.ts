// Each command makes exactly its own thing go wrong, once or by chance, and the same seed goes wrong in
// the same way.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { FaultRule } from './fault-rules.js';
import { Faults } from './faults.js';
import { call, eventually, get, type Heard, Receiver, startSandbox } from './sandbox.fixture.js';

let receiver: Receiver;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;

beforeEach(async () => {
  receiver = new Receiver();
  await receiver.start();
  sandbox = await startSandbox();
});
afterEach(async () => {
  await sandbox.stop();
  await receiver.stop();
});

const command = (rules: object[], seed = 1) =>
  call(`${sandbox.url}/v1/faults`, undefined, { seed, rules }, 'PUT');
const charge = (key: string, more: object = {}) =>
  call(`${sandbox.url}/v1/charges`, key, receiver.order({ reference: key, ...more }));
const refund = (key: string, number: string) =>
  call(`${sandbox.url}/v1/refunds`, key, {
    charge: number,
    amount: { currency: 'EUR', amount_minor: 500 },
  });
const told = (wanted: string[]) =>
  eventually(() => expect(receiver.heard.map(shown)).toEqual(wanted));
const counts = async () => JSON.parse((await get(`${sandbox.url}/v1/faults`)).text).counts;
/** Long enough for everything that is on its way to arrive. */
const quiet = () => new Promise((resolve) => setTimeout(resolve, 60));

function shown({ type, data, signed, ageSeconds }: Heard): string {
  const off = Math.abs(ageSeconds) > 600 ? ` ${ageSeconds > 0 ? 'old' : 'ahead'}` : '';
  return `${data.reference} ${type}${signed ? '' : ' unsigned'}${off}`;
}

describe('callbacks', () => {
  test('lost, and nobody tries again: the charge itself stands', async () => {
    await command([{ fault: 'lose', next: 1 }]);
    const { body } = await charge('a');
    await eventually(async () => expect(await counts()).toMatchObject({ events: 1, lose: 1 }));
    const { lost } = JSON.parse((await get(`${sandbox.url}/v1/faults`)).text);
    expect(lost).toEqual([body.number]);
    await charge('b');
    await told(['b charge.succeeded']);
    const found = await get(`${sandbox.url}/v1/charges?idempotency_key=a`);
    expect(JSON.parse(found.text).status).toBe('succeeded');
    expect(sandbox.ledger.unfinished().tell).toEqual([]);
  });

  test('doubled up to six times', async () => {
    await command([{ fault: 'duplicate', next: 1, copies: 5 }]);
    await charge('a');
    await told(Array(6).fill('a charge.succeeded'));
    expect(new Set(receiver.heard.map((event) => event.id)).size).toBe(1);
  });

  test('overtaken by a later one', async () => {
    await command([{ fault: 'reorder', next: 1, ms: 2_000 }]);
    await charge('a');
    await eventually(async () => expect(await counts()).toMatchObject({ reorder: 1 }));
    await charge('b');
    await told(['b charge.succeeded', 'a charge.succeeded']);
  });

  test('when nothing overtakes it, it goes when its time is up', async () => {
    await command([{ fault: 'reorder', rate: 1, ms: 30 }]);
    await charge('a');
    await told(['a charge.succeeded']);
  });

  test('the refund is told before its charge', async () => {
    await command([{ fault: 'delay', next: 1, ms: 200 }]);
    const { body } = await charge('a');
    await eventually(async () => expect((await refund('r', body.number)).status).toBe(200));
    await told(['a refund.succeeded', 'a charge.succeeded']);
  });

  test.each([
    ['after', ['a charge.succeeded', 'a charge.failed']],
    ['before', ['a charge.failed', 'a charge.succeeded']],
  ])('contradicted %s the truth', async (when, wanted) => {
    await command([{ fault: 'contradict', next: 1, when }]);
    await charge('a');
    await told(wanted);
    expect(new Set(receiver.heard.map((event) => event.id)).size).toBe(2);
  });

  test('a decline is not contradicted, but a success of it can be forged', async () => {
    await command([
      { fault: 'contradict', next: 1 },
      { fault: 'forge', next: 1, how: 'success' },
    ]);
    await charge('a', { method: 'card_declined' });
    await eventually(() => expect(receiver.heard).toHaveLength(2));
    expect(receiver.types().toSorted()).toEqual(['charge.failed', 'charge.succeeded']);
    expect((await get(`${sandbox.url}/v1/statement`)).text).toBe('');
  });

  test.each([
    ['signature', 'a charge.succeeded unsigned', 500, 'EUR'],
    ['body', 'a charge.succeeded unsigned', 500, 'EUR'],
    ['stale', 'a charge.succeeded old', 500, 'EUR'],
    ['future', 'a charge.succeeded ahead', 500, 'EUR'],
    ['amount', 'a charge.succeeded', 501, 'EUR'],
    ['currency', 'a charge.succeeded', 500, 'XTS'],
    ['reference', 'a1 charge.succeeded', 500, 'EUR'],
  ])('forged by its %s, beside the true one', async (how, wanted, amount_minor, currency) => {
    await command([{ fault: 'forge', next: 1, how }]);
    await charge('a');
    await eventually(() => expect(receiver.heard).toHaveLength(2));
    const forgery = receiver.heard.find(
      (event) => shown(event) === wanted && event.data.amount.currency === currency,
    );
    expect(forgery?.data.amount).toEqual({ currency, amount_minor });
    expect(receiver.heard.map(shown)).toContain('a charge.succeeded');
    await eventually(async () => expect(await counts()).toMatchObject({ forged_taken: 1 }));
  });
});

describe('charges and refunds', () => {
  test('a charge that would succeed is declined, and stays so', async () => {
    await command([{ fault: 'decline', next: 1 }]);
    await charge('a');
    await told(['a charge.failed']);
    await charge('a');
    await charge('b');
    await told(['a charge.failed', 'b charge.succeeded']);
  });

  test('out of order: nothing is made, and the same call works later', async () => {
    await command([{ fault: 'outage', next: 1 }]);
    expect((await charge('a')).status).toBe(503);
    expect((await get(`${sandbox.url}/v1/charges?idempotency_key=a`)).status).toBe(404);
    expect((await charge('a')).status).toBe(200);
  });

  test('charged, but never answered', async () => {
    await command([{ fault: 'silence', next: 1, of: 'charge' }]);
    const answer = charge('a').catch(() => 'no answer');
    await told(['a charge.succeeded']);
    expect(await Promise.race([answer, quiet().then(() => 'still waiting')])).toBe('still waiting');
    expect((await charge('a')).body.status).toBe('processing');
  });

  test('refunded, but never answered', async () => {
    const { body } = await charge('a');
    await told(['a charge.succeeded']);
    await command([{ fault: 'silence', next: 1, of: 'refund' }]);
    void refund('r', body.number).catch(() => undefined);
    await told(['a charge.succeeded', 'a refund.succeeded']);
    expect((await refund('r', body.number)).status).toBe(200);
    const totals = JSON.parse((await get(`${sandbox.url}/v1/totals`)).text);
    expect(totals).toEqual({ captured_minor: { EUR: 500 }, refunded_minor: { EUR: 500 } });
  });
});

describe('methods that go wrong by themselves', () => {
  test.each([
    ['card_lost', []],
    ['card_doubled', ['a charge.succeeded', 'a charge.succeeded']],
    ['card_contradicted', ['a charge.succeeded', 'a charge.failed']],
  ])('%s', async (method, wanted) => {
    await charge('a', { method });
    await eventually(async () => expect(await counts()).toMatchObject({ events: 1 }));
    await quiet();
    expect(receiver.heard.map(shown)).toEqual(wanted);
  });

  test('card_silent is never answered, however often it is asked', async () => {
    void charge('a', { method: 'card_silent' }).catch(() => undefined);
    await told(['a charge.succeeded']);
    const again = charge('a', { method: 'card_silent' }).catch(() => 'no answer');
    expect(await Promise.race([again, quiet().then(() => 'still waiting')])).toBe('still waiting');
  });

  test('card_refused makes no charge', async () => {
    expect((await charge('a', { method: 'card_refused' })).status).toBe(402);
    expect((await get(`${sandbox.url}/v1/charges?idempotency_key=a`)).status).toBe(404);
  });
});

describe('rules', () => {
  const on = { of: 'charge', method: 'card', reference: 'p-7' } as const;
  const hits = (rules: FaultRule[], seed: number, occasions = Array(1_000).fill(on)) => {
    const faults = new Faults();
    faults.command({ seed, rules });
    return occasions.map((each) => (faults.meets('lose', each) === undefined ? '.' : 'x')).join('');
  };

  test('a rate is met, and a seed repeats its row', () => {
    const row = hits([{ fault: 'lose', rate: 0.1 }], 7);
    expect(row.split('x').length - 1).toBeGreaterThan(70);
    expect(row.split('x').length - 1).toBeLessThan(130);
    expect(hits([{ fault: 'lose', rate: 0.1 }], 7)).toBe(row);
    expect(hits([{ fault: 'lose', rate: 0.1 }], 8)).not.toBe(row);
  });

  test.each<[string, Partial<FaultRule>]>([
    ['refunds', { of: 'refund' }],
    ['a method', { method: 'card_slow' }],
    ['a reference', { reference: 'p-8' }],
  ])('narrowed to %s it leaves others alone', (_, narrowing) => {
    const rule = { fault: 'lose', next: 1, ...narrowing } as FaultRule;
    const met = { of: 'charge', method: 'card', reference: 'p-7', ...narrowing };
    expect(hits([rule], 1, [on, met, met])).toBe('.x.');
  });

  test.each([
    ['no list', {}],
    ['neither rate nor next', { rules: [{ fault: 'lose' }] }],
    ['both', { rules: [{ fault: 'lose', rate: 1, next: 1 }] }],
    ['more than certain', { rules: [{ fault: 'lose', rate: 1.1 }] }],
    ['an unknown fault', { rules: [{ fault: 'bribe', next: 1 }] }],
    ['an unknown word', { rules: [{ fault: 'lose', next: 1, copies: 2 }] }],
    ['six copies', { rules: [{ fault: 'duplicate', next: 1, copies: 6 }] }],
    ['a wait without end', { rules: [{ fault: 'delay', next: 1, ms: 1e9 }] }],
    ['too many', { rules: Array(33).fill({ fault: 'lose', next: 1 }) }],
  ])('refused: %s', async (_, body) => {
    await command([{ fault: 'lose', next: 3 }]);
    const answer = await call(`${sandbox.url}/v1/faults`, undefined, body, 'PUT');
    expect(answer).toMatchObject({ status: 400, body: { error: { message: expect.any(String) } } });
    const { rules } = JSON.parse((await get(`${sandbox.url}/v1/faults`)).text);
    expect(rules).toEqual([{ fault: 'lose', next: 3, hits: 0 }]);
  });

  test('DELETE ends all of it', async () => {
    await command([{ fault: 'lose', rate: 1 }]);
    const answer = await fetch(`${sandbox.url}/v1/faults`, { method: 'DELETE' });
    expect(await answer.json()).toMatchObject({ rules: [], counts: { events: 0 } });
    await charge('a');
    await told(['a charge.succeeded']);
  });
});
