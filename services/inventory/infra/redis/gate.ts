// The gate on Redis: packs many reservation parts into one Lua call per partition, and remembers the
// highest epoch and sequence seen of each SKU, so that a Redis with an older memory is told apart.

import { assert } from '../../../platform/assert.js';
import type { RedisLink } from '../../../platform/redis/connect.js';
import { type RedisAnswer, sendAll } from '../../../platform/redis/send-all.js';
import type {
  Gate,
  GateLevel,
  InstallReply,
  Recollection,
  RefundReply,
  RememberReply,
  SkuLoad,
} from '../../app/ports.js';
import type { Refund } from '../../domain/close.js';
import type { GateReply, Part } from '../../domain/reservation.js';
import { countGivenBack, countReplies } from '../stock-meter.js';
import { beginCalls, endCalls } from './call-spans.js';
import { Floors } from './floors.js';
import { KEEP_S, skuKeys } from './keys.js';
import { packParts, readReserveReply, reserveCall } from './reserve-calls.js';
import { type ScriptCall, type ScriptReply, ScriptRunner } from './script-runner.js';

/** Took 0.4 ms of Redis' time on a busy machine; then others get their turn. */
const GRANTS_PER_CALL_MAX = 250;

export class RedisGate implements Gate {
  readonly #link: RedisLink;
  readonly #scripts: ScriptRunner;
  readonly #floors = new Floors();

  /** `onRefused` hears the word with which Redis itself refuses to run anything, such as OOM. */
  constructor(link: RedisLink, onRefused?: (word: string) => void) {
    this.#link = link;
    this.#scripts = new ScriptRunner(link, onRefused);
  }

  async reserve(parts: readonly Part[]): Promise<GateReply[]> {
    const packs = packParts(parts);
    const calls = packs.map((pack) => reserveCall(pack, (skuId) => this.#floors.of(skuId)));
    const spans = beginCalls('reserve', packs);
    const answers = await this.#scripts.run('reserve', calls);
    const replies = new Array<GateReply>(parts.length).fill({ outcome: 'UNKNOWN' });
    packs.forEach((pack, p) => {
      const value = scriptValue(answers[p]);
      if (!Array.isArray(value)) return;
      const reply = readReserveReply(pack, value);
      for (const [skuId, { epoch, seq }] of reply.floors) this.#floors.raise(skuId, epoch, seq);
      pack.indexes.forEach((index, i) => {
        replies[index] = reply.replies[i] as GateReply;
      });
    });
    endCalls(spans, packs, replies);
    countReplies(parts, replies);
    return replies;
  }

  sawEpoch(skuId: string, epoch: number): void {
    this.#floors.raise(skuId, epoch, 0);
  }

  async refund(refunds: readonly Refund[]): Promise<RefundReply[]> {
    const bySku = new Map<string, number[]>();
    refunds.forEach((refund, index) => {
      const indexes = bySku.get(refund.skuId);
      if (indexes === undefined) bySku.set(refund.skuId, [index]);
      else indexes.push(index);
    });
    const groups = [...bySku.values()];
    const calls = groups.map((indexes) => refundCall(indexes.map((i) => refunds[i] as Refund)));
    const answers = await this.#scripts.run('refund', calls);
    const replies = new Array<RefundReply>(refunds.length).fill('UNKNOWN');
    groups.forEach((indexes, g) => {
      const value = scriptValue(answers[g]);
      if (!Array.isArray(value)) return;
      indexes.forEach((index, i) => {
        replies[index] = (value as RefundReply[])[i] ?? 'UNKNOWN';
      });
    });
    countGivenBack(refunds, replies);
    return replies;
  }

  async install(loads: readonly SkuLoad[]): Promise<InstallReply[]> {
    const answers = await this.#scripts.run('install', loads.map(installCall));
    return answers.map((answer) => (scriptValue(answer) as InstallReply | undefined) ?? 'UNKNOWN');
  }

  async remember(recollection: Recollection): Promise<RememberReply> {
    const { grants } = recollection;
    // One call after the other, each a turn; `last` goes with the last of them.
    for (let from = 0; ; from += GRANTS_PER_CALL_MAX) {
      const to = from + GRANTS_PER_CALL_MAX;
      const last = recollection.last && to >= grants.length;
      const call = rememberCall({ ...recollection, grants: grants.slice(from, to), last });
      const [answer] = await this.#scripts.run('remember', [call]);
      const reply = (scriptValue(answer) as RememberReply | undefined) ?? 'UNKNOWN';
      if (reply !== 'REMEMBERED' || to >= grants.length) return reply;
    }
  }

  async levels(
    skus: readonly { partition: number; skuId: string }[],
  ): Promise<(GateLevel | undefined)[]> {
    const answers = await sendAll(
      this.#link,
      skus.flatMap(({ partition, skuId }) => {
        const keys = skuKeys(partition, skuId);
        return [
          ['hmget', keys.stock, 'available', 'epoch', 'seq'],
          ['hlen', keys.grants],
        ];
      }),
    );
    return skus.map((_, i) => readLevel(answers[2 * i], answers[2 * i + 1]));
  }
}

function readLevel(stock?: RedisAnswer, grants?: RedisAnswer): GateLevel | undefined {
  if (stock === undefined || grants === undefined) return undefined;
  if (!('value' in stock) || !('value' in grants) || !Array.isArray(stock.value)) return undefined;
  const [available, epoch, seq] = stock.value as (string | null)[];
  if (available == null) return undefined;
  return {
    available: Number(available),
    epoch: Number(epoch),
    seq: Number(seq),
    grants: Number(grants.value),
  };
}

/** What the script answered; undefined when it did not, or met a key of another type. */
function scriptValue(answer: ScriptReply | undefined): unknown {
  return answer?.known === true ? answer.value : undefined;
}

function refundCall(refunds: readonly Refund[]): ScriptCall {
  const [first] = refunds;
  assert(first !== undefined, 'a group has a member');
  const keys = skuKeys(first.partition, first.skuId);
  return {
    keys: [keys.stock, keys.grants, keys.buyers],
    args: [
      KEEP_S,
      ...refunds.flatMap((refund) => [
        refund.reservationId,
        refund.quantity,
        refund.epoch,
        refund.buyerId,
        refund.mark,
      ]),
    ],
  };
}

function installCall(load: SkuLoad): ScriptCall {
  const keys = skuKeys(load.partition, load.skuId);
  const listed = load.nextEntry === undefined ? 1 : 0;
  return {
    keys: [keys.stock, keys.grants, keys.buyers],
    args: [
      load.epoch,
      load.available,
      listed,
      KEEP_S,
      load.grants.length,
      ...load.grants.flatMap((grant) => [grant.reservationId, grant.orderId]),
      ...load.buyers.flatMap((buyer) => [buyer.userId, buyer.units]),
    ],
  };
}

function rememberCall({ partition, skuId, epoch, grants, last }: Recollection): ScriptCall {
  const keys = skuKeys(partition, skuId);
  return {
    keys: [keys.stock, keys.grants],
    args: [
      epoch,
      last ? 1 : 0,
      KEEP_S,
      ...grants.flatMap((grant) => [grant.reservationId, grant.orderId]),
    ],
  };
}
