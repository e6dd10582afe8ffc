// Bugs where money is told, found or doubted: callbacks, questions to the provider, its faults.

const SIGNATURE = 'services/payment/infra/provider/signature.ts';
const SIGNATURE_TEST = 'services/payment/infra/provider/signature.test.ts';
const ASK = 'services/payment/app/ask-charge.ts';
const STORY_TEST = 'services/payment/app/payment-story.test.ts';

export const MONEY = [
  {
    name: 'callbacks-never-grow-old',
    why: 'a callback that somebody has copied can be played again for ever',
    edits: [
      {
        file: SIGNATURE,
        find: 'return ageSeconds > AGE_SECONDS_MAX ?',
        replace: 'return ageSeconds < 0 ?',
      },
    ],
    killedBy: { file: SIGNATURE_TEST, test: 'signed 301 s' },
    needs: 'unit',
  },
  {
    name: 'callbacks-from-the-future',
    why: 'a callback that was signed ahead of time can be kept back until it is wanted',
    edits: [
      {
        file: SIGNATURE,
        find: 'Math.abs(nowMs / 1_000 - Number(time))',
        replace: 'nowMs / 1_000 - Number(time)',
      },
    ],
    killedBy: { file: SIGNATURE_TEST, test: 'signed 301 s ahead' },
    needs: 'unit',
  },
  {
    name: 'any-provider-may-confirm',
    why: 'whoever knows the secret of one provider confirms charges of another',
    edits: [
      {
        file: 'services/payment/domain/charge.ts',
        find: 'provider !== undefined && provider !== attempt.provider',
        replace: 'provider === ""',
      },
    ],
    killedBy: { file: 'services/payment/domain/charge.test.ts', test: 'other provider' },
    needs: 'unit',
  },
  {
    name: 'late-buyers-not-looked-for',
    why: 'a capture after the deadline whose callback is lost is kept from its buyer',
    edits: [
      {
        file: 'services/payment/domain/payment.ts',
        find: "'PROCESSING', 'TIMED_OUT'].includes(attempt.state)",
        replace: "'PROCESSING'].includes(attempt.state)",
      },
    ],
    killedBy: { file: STORY_TEST, test: 'and the callback is lost' },
    needs: 'unit',
  },
  {
    name: 'late-buyers-looked-for-for-ever',
    why: 'the provider is asked about every abandoned payment until the end of time',
    edits: [
      {
        file: 'services/payment/domain/look.ts',
        find: 'if (nowMs >= endMs) return undefined;',
        replace: '',
      },
    ],
    killedBy: { file: STORY_TEST, test: '^the buyer comes back too late never' },
    needs: 'unit',
  },
  {
    name: 'forgotten-charge-made-again',
    why: 'a buyer whose provider has lost its books is charged twice',
    edits: [
      {
        file: ASK,
        find: "if (attempt.state === 'PENDING') {",
        replace: "if (attempt.state !== 'FAILED') {",
      },
    ],
    killedBy: { file: STORY_TEST, test: '^a charge that the provider took' },
    needs: 'unit',
  },
  {
    name: 'lost-callback-is-sent',
    why: 'the sandbox loses nothing, and whoever trusts its demo has seen nothing',
    edits: [
      {
        file: 'services/sandbox/postman.ts',
        find: 'if (lost) onTaken(event);',
        replace: 'if (lost) this.#post(event, on);',
      },
    ],
    killedBy: { file: 'services/sandbox/faults.test.ts', test: '^callbacks lost' },
    needs: 'unit',
  },
  {
    name: 'statement-of-a-moving-book',
    why: 'a refund stands in the statement without its charge',
    edits: [
      {
        file: 'services/sandbox/ledger.ts',
        find: 'for (let i = 0; i < end; i += 1)',
        replace: 'for (let i = 0; i < Math.max(end, this.#movements.length); i += 1)',
      },
    ],
    killedBy: { file: 'services/sandbox/statement.test.ts', test: '^what moves while' },
    needs: 'unit',
  },
];
