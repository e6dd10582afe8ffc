// What a client was doing when the process died, each as one verb that is sent three times: to the
// process that dies of it, to its successor, and once more, when the answer must be the same.
import { CloseOutcome } from '../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { type MeshClients, soon } from '../harness/clients.js';
import { fresh } from '../harness/shop.js';
import { answered } from './answered.js';
import {
  type Answer,
  answersTo,
  type CrashStage,
  newOrderId,
  tryOnce,
  type Wanted,
} from './crash-stage.js';

export interface Scene {
  /** SKUs whose stock the table tells. */
  readonly skus: readonly string[];
  /** One try. The answer with everything that must stay the same; undefined when there was none. */
  send(victim: MeshClients): Promise<string | undefined>;
  /** What the answer must be, where every try brings the same. */
  readonly answer?: string;
}

export interface Story {
  readonly program: 'inventory' | 'order';
  set(stage: CrashStage): Promise<Scene>;
}

/** The stock of every SKU in a story, unless it says otherwise. */
export const UNITS = 5;

const buyer = (skus: readonly string[]): Wanted => ({
  id: fresh('crash-r'),
  user: fresh('crash-user'),
  skus,
});

/** Two buyers in one batch; the second one never asks again. */
export const reserve: Story = {
  program: 'inventory',
  async set(stage) {
    const sku = await stage.restocked(UNITS);
    const faithful = buyer([sku]);
    const lost = buyer([sku]);
    let tries = 0;
    return {
      skus: [sku],
      async send({ inventory }) {
        tries += 1;
        return answerOf(await tryOnce(inventory, tries === 1 ? [faithful, lost] : [faithful]));
      },
    };
  },
};

/** One buyer of three SKUs in three partitions. */
export const reserveSpread: Story = {
  program: 'inventory',
  async set(stage) {
    const skus = await stage.spread([UNITS, UNITS, UNITS]);
    const wanted = [buyer(skus)];
    return { skus, send: async ({ inventory }) => answerOf(await tryOnce(inventory, wanted)) };
  },
};

/** The same, but of the last SKU nothing is left. */
export const refuseSpread: Story = {
  program: 'inventory',
  async set(stage) {
    const skus = await stage.spread([UNITS, UNITS, 1]);
    const [sold] = await tryOnce(stage.mesh.clients.inventory, [buyer(skus.slice(2))]);
    if (sold?.word !== 'RESERVED') throw new Error(`the last unit: ${sold?.word}`);
    const wanted = [buyer(skus)];
    return {
      skus,
      async send({ inventory }) {
        const [answer] = await tryOnce(inventory, wanted);
        const { word } = answer as Answer;
        if (word === 'UNKNOWN') return undefined;
        // Refused for want of the last SKU at first, and for being given up ever after.
        return word === 'SOLD_OUT' || word === 'CLOSED' ? 'refused' : word;
      },
      answer: 'refused',
    };
  },
};

/** Redis has forgotten the SKU, which has one buyer already; he asks again beside a new one. */
export const reserveForgotten: Story = {
  program: 'inventory',
  async set(stage) {
    const sku = await stage.restocked(UNITS);
    const first = buyer([sku]);
    const answer = answerOf(await tryOnce(stage.mesh.clients.inventory, [first]));
    await stage.forget(sku);
    const next = buyer([sku]);
    return {
      skus: [sku],
      async send({ inventory }) {
        const both = await tryOnce(inventory, [first, next]);
        const again = answerOf(both.slice(0, 1));
        if (again !== undefined && again !== answer) throw new Error(`${answer} became ${again}`);
        return answerOf(both);
      },
    };
  },
};

/** More than a rebase loads at once (1,000), and than the first page that follows it (5,000). */
const GRANTED = 6_100;
const GRANTED_AT_ONCE = 1_000;

/** Redis has forgotten a SKU with a long history, whose first buyer asks again. */
export const askLongAgo: Story = {
  program: 'inventory',
  async set(stage) {
    const sku = await stage.restocked(GRANTED + UNITS);
    const buyers = Array.from({ length: GRANTED }, () => buyer([sku]));
    const first = buyers.slice(0, 1);
    const { inventory: others } = stage.mesh.clients;
    const answer = answerOf(await tryOnce(others, first));
    for (let i = 1; i < GRANTED; i += GRANTED_AT_ONCE) {
      await answersTo(others, buyers.slice(i, i + GRANTED_AT_ONCE));
    }
    await stage.forget(sku);
    return {
      skus: [sku],
      send: async ({ inventory }) => answerOf(await tryOnce(inventory, first)),
      ...(answer === undefined ? {} : { answer }),
    };
  },
};

/** Three buyers, of whom two go. */
export const release: Story = closing('batchRelease');
/** Three buyers, of whom two have paid. */
export const confirm: Story = closing('batchConfirm');

export const restock: Story = {
  program: 'inventory',
  async set(stage) {
    const skuId = await stage.restocked(UNITS);
    const request = { requestId: fresh('restock'), skuId, delta: 3n, reason: 'three more' };
    return {
      skus: [skuId],
      async send({ inventory }) {
        const answer = await answered(() => inventory.restock(request, soon()));
        return answer === undefined ? undefined : `${answer.stock?.total}`;
      },
      answer: `${UNITS + 3}`,
    };
  },
};

function closing(verb: 'batchRelease' | 'batchConfirm'): Story {
  return {
    program: 'inventory',
    async set(stage) {
      const sku = await stage.restocked(UNITS);
      const buyers = [buyer([sku]), buyer([sku]), buyer([sku])];
      const held = await tryOnce(stage.mesh.clients.inventory, buyers);
      const reservations = buyers.slice(0, 2).map(({ id }, i) => ({
        reservationId: id,
        skuIds: [sku],
        orderId: held[i]?.orderId ?? newOrderId(),
      }));
      return {
        skus: [sku],
        async send({ inventory }) {
          const answer = await answered<{ outcomes: CloseOutcome[] }>(() =>
            inventory[verb]({ reservations }, soon()),
          );
          const words = answer?.outcomes.map((outcome) => CloseOutcome[outcome]);
          return words?.includes('UNKNOWN') ? undefined : words?.join(' ');
        },
        answer: 'DONE DONE',
      };
    },
  };
}

/** The order ids; undefined when one is missing for want of an answer. */
function answerOf(answers: readonly Answer[]): string | undefined {
  if (answers.some(({ word }) => word === 'UNKNOWN' || word === 'OVERLOADED')) return undefined;
  const refused = answers.find(({ word }) => word !== 'RESERVED' && word !== 'DUPLICATE');
  // Units are left in all these stories, so nobody may be refused.
  if (refused !== undefined) throw new Error(`refused: ${refused.word}`);
  return answers.map(({ orderId }) => orderId).join(' ');
}
