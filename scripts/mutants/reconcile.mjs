// Bugs where two sets of books meet: a provider that contradicts itself, Stripe's adapter, and the
// comparison with a provider's statement.

const LOOK_TEST = 'services/payment/app/second-look.test.ts';
const EVENT_TEST = 'services/payment/infra/provider/stripe-event.test.ts';
const STRIPE_TEST = 'services/payment/infra/provider/stripe-provider.int.test.ts';
const STRIPE = 'services/payment/infra/provider/stripe-provider.ts';
const COMPARE = 'launcher/reconcile/compare-shard.ts';
const COMPARE_TEST = 'launcher/reconcile/compare-shard.test.ts';

export const RECONCILE = [
  {
    name: 'contradiction-believed',
    why: 'whoever can sign turns a declined charge into a paid order',
    edits: [
      {
        file: 'services/payment/domain/charge.ts',
        find: "(said === 'FAILED' && state === 'SUCCEEDED') ||",
        replace: '',
      },
    ],
    killedBy: { file: LOOK_TEST, test: 'the provider says that it failed$' },
    needs: 'unit',
  },
  {
    name: 'silence-taken-for-no',
    why: 'a true callback is refused for ever because the provider was not to be reached once',
    edits: [
      {
        file: 'services/payment/app/settle-contradiction.ts',
        find: "if (answer.outcome === 'UNKNOWN') return { outcome: 'SILENT' };",
        replace: '',
      },
    ],
    killedBy: { file: LOOK_TEST, test: 'a success .* the provider does not answer$' },
    needs: 'unit',
  },
  {
    name: 'second-answer-is-a-copy',
    why: 'money that is found in the statement is never booked: its failure was heard of before',
    edits: [
      { file: 'services/payment/app/ask-charge.ts', find: "'query-again'", replace: "'query'" },
    ],
    killedBy: { file: LOOK_TEST, test: 'also when an earlier question was answered otherwise$' },
    needs: 'unit',
  },
  {
    name: 'stripe-from-the-future',
    why: 'a webhook that was signed ahead of time can be kept back until it is wanted',
    edits: [
      {
        file: STRIPE,
        find: 'if (!(signedAt - nowMs / 1_000 <= AGE_SECONDS_MAX)) {',
        replace: 'if (Number.isNaN(signedAt)) {',
      },
    ],
    killedBy: { file: EVENT_TEST, test: 'forged from the future$' },
    needs: 'unit',
  },
  {
    name: 'stripe-refund-by-key-alone',
    why: 'a refund that is asked for again after a day is paid twice: Stripe has forgotten the key',
    edits: [
      {
        file: STRIPE,
        find: 'if (earlier !== undefined) return earlier;',
        replace: '',
      },
    ],
    killedBy: { file: STRIPE_TEST, test: 'is made once, however often' },
    needs: 'servers',
  },
  {
    name: 'stripe-retries-by-itself',
    why: 'the library asks again beside our own retries, and a busy Stripe gets twice the calls',
    edits: [
      {
        file: 'services/payment/infra/provider/stripe-client.ts',
        find: 'maxNetworkRetries: 0,',
        replace: 'maxNetworkRetries: 1,',
      },
    ],
    killedBy: { file: STRIPE_TEST, test: 'asked once, never on our own 503$' },
    needs: 'servers',
  },
  {
    name: 'keys-without-payments',
    why: "one payment's money answers for another's, and a false one is not found",
    edits: [
      {
        file: COMPARE,
        find: "Pick<Movement, 'reference' | 'key'>): string {",
        replace: "Pick<Movement, 'reference' | 'key'>): string {\n  if (key !== '') return key;",
      },
    ],
    killedBy: { file: COMPARE_TEST, test: "under another payment's key$" },
    needs: 'unit',
  },
  {
    name: 'leftover-movements-forgotten',
    why: 'money that the provider took for nobody stays with the shop, and nobody hears of it',
    edits: [
      {
        file: COMPARE,
        find: 'for (const movement of [...this.#charges.values()].flat()) {',
        replace: 'for (const movement of [] as Movement[]) {',
      },
    ],
    killedBy: { file: COMPARE_TEST, test: 'of no payment$' },
    needs: 'unit',
  },
];
