// Where each shard lives, as the gates of all servers say, for one process. Being late with it costs a
// refusal, never a row: whoever writes is stopped by the gate itself (shard-gate.ts), and whoever
// finds nothing asks look() whether that means anything.
//
// Invariant: the shard map names the server whose gate was OPEN or CLOSED when the gates were last read,
// and the one before while nobody owns the shard.

import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import { Loop } from '../loop.js';
import { SHARDS } from '../shard.js';
import type { MysqlServer, ShardMap } from './connect.js';
import { UnavailableError } from './errors.js';
import { type Gate, isOwner, placeGates, readGates } from './gate-rows.js';
import { NOT_OWNER, type NotOwner } from './shard-gate.js';

export interface ShardGatesOptions {
  readonly shards: ShardMap;
  readonly database: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Of the shards asked about, those that may have been overlooked on the server. */
export type Look = (shards: Iterable<number>, deadlineMs: number) => Promise<ReadonlySet<number>>;

// A refusal has the gates read at once; this finds what nobody was refused for.
const READ_INTERVAL_MS = 5_000;
const READ_MS_MAX = 2_000;

// Nobody owns a shard for two commits, and nothing is written for one scan of it, so asking again soon
// pays; a thousand who wait read the gates together.
const PAUSE_MS_MIN = 5;
const PAUSE_MS_MAX = 100;

export class ShardGates {
  readonly shards: ShardMap;
  readonly #o: ShardGatesOptions;
  readonly #loop: Loop;
  /** The owner's gate of each shard, as last read. */
  #owners: readonly (Gate | undefined)[] = [];
  #reading: Promise<void> | undefined;

  constructor(o: ShardGatesOptions) {
    this.#o = o;
    this.shards = o.shards;
    this.#loop = new Loop({
      name: `gates.${o.database}`,
      intervalMs: READ_INTERVAL_MS,
      restFirst: true,
      errorDelayMs: READ_INTERVAL_MS,
      run: async () => {
        await this.refresh();
        return 'IDLE';
      },
      log: o.log,
      clock: o.clock,
    });
  }

  /** After the migrations: gates that are missing are placed, and all are read. */
  async open(): Promise<void> {
    await placeGates(this.shards, this.#o.database);
    await this.refresh();
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Shards whose rows a scan of this server may work on. */
  openOn(server: MysqlServer): number[] {
    return this.#owners.flatMap((gate) =>
      gate?.server === server && gate.state === 'OPEN' ? [gate.shard] : [],
    );
  }

  /** All shards whose rows count on this server. */
  ownedBy(server: MysqlServer): number[] {
    return this.#owners.flatMap((gate) => (gate?.server === server ? [gate.shard] : []));
  }

  /**
   * Taken before reading from a server: tells afterwards which shards may have lived elsewhere in the
   * meantime, so that their rows may have been overlooked.
   */
  look(server: MysqlServer): Look {
    const before = this.#owners;
    return async (shards, deadlineMs) => {
      const unsure = new Set(shards);
      for (const gate of await readGates(server, deadlineMs)) {
        const known = before[gate.shard];
        const same = known?.server === server && known.epoch === gate.epoch;
        if (same && isOwner(gate)) unsure.delete(gate.shard);
      }
      return unsure;
    };
  }

  /** Asks the owner, and the next one when the shard has moved. */
  read<R>(
    shard: number,
    deadlineMs: number,
    ask: (server: MysqlServer) => Promise<R | NotOwner>,
  ): Promise<R> {
    return this.#follow(shard, deadlineMs, 'CLOSED', ask);
  }

  /** As read(), and waits while the gate is closed. Rejects with UnavailableError: nothing was done. */
  write<R>(
    shard: number,
    deadlineMs: number,
    ask: (server: MysqlServer) => Promise<R | NotOwner>,
  ): Promise<R> {
    return this.#follow(shard, deadlineMs, 'OPEN', ask);
  }

  /** For many at a time: `ask` answers those that it was refused. */
  async each<T>(
    items: readonly T[],
    o: { readonly shardOf: (item: T) => number; readonly deadlineMs: number },
    ask: (server: MysqlServer, group: T[]) => Promise<readonly T[]>,
  ): Promise<void> {
    let open = items;
    for (let turn = 0; ; turn++) {
      const groups = this.shards.groupByServer(open, o.shardOf);
      open = (await Promise.all([...groups].map(([server, group]) => ask(server, group)))).flat();
      const [first] = open;
      if (first === undefined) return;
      await this.#pause(turn, o.shardOf(first), o.deadlineMs);
    }
  }

  /** Reads the gates of all servers; those that do not answer keep what they had. */
  refresh(): Promise<void> {
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  // No async function: a write that is not refused, so nearly every one, pays for one callback.
  #follow<R>(
    shard: number,
    deadlineMs: number,
    state: 'OPEN' | 'CLOSED',
    ask: (server: MysqlServer) => Promise<R | NotOwner>,
  ): Promise<R> {
    return ask(this.shards.serverOf(shard)).then((answer) =>
      answer === NOT_OWNER ? this.#askAgain(shard, deadlineMs, state, ask) : answer,
    );
  }

  async #askAgain<R>(
    shard: number,
    deadlineMs: number,
    state: 'OPEN' | 'CLOSED',
    ask: (server: MysqlServer) => Promise<R | NotOwner>,
  ): Promise<R> {
    for (let turn = 0; ; turn++) {
      await this.#pause(turn, shard, deadlineMs);
      const now = this.#owners[shard]?.state;
      if (now !== 'OPEN' && now !== state) continue;
      const answer = await ask(this.shards.serverOf(shard));
      if (answer !== NOT_OWNER) return answer;
    }
  }

  async #pause(turn: number, shard: number, deadlineMs: number): Promise<void> {
    const { clock } = this.#o;
    const delayMs = turn === 0 ? 0 : Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** Math.min(turn, 10));
    if (clock.nowMs() + delayMs >= deadlineMs) {
      throw new UnavailableError(`shard ${shard} is on its way to another server`);
    }
    if (delayMs > 0) await clock.sleep(delayMs);
    // When no server answers, what is asked next says so.
    await this.refresh().catch(() => undefined);
  }

  async #readAll(): Promise<void> {
    const { clock, log } = this.#o;
    const { servers } = this.shards;
    const deadlineMs = clock.nowMs() + READ_MS_MAX;
    const answers = await Promise.allSettled(servers.map((s) => readGates(s, deadlineMs)));
    const found = answers.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    if (found.length === 0) throw new UnavailableError('no server tells its gates');
    const answered = new Set(found.map((gate) => gate.server));
    const newest = newestOwners(found);
    this.#owners = Array.from({ length: SHARDS }, (_, shard) => {
      const before = this.#owners[shard];
      const gate = newest.get(shard);
      // Where it was, until somebody else says that he is the owner.
      if (!gate)
        return before && answered.has(before.server) ? { ...before, state: 'AWAY' } : before;
      // A server that was asked late in a move knows less than one that was asked before it.
      if (before && before.epoch > gate.epoch && !answered.has(before.server)) return before;
      if (before && before.server !== gate.server) {
        log.info({ shard, from: before.server.name, to: gate.server.name }, 'a shard has moved');
      }
      this.shards.place(shard, gate.server);
      return gate;
    });
  }
}

/** The servers are read one after the other, so a shard may seem to have two owners. */
function newestOwners(gates: readonly Gate[]): Map<number, Gate> {
  const newest = new Map<number, Gate>();
  for (const gate of gates.filter(isOwner)) {
    const other = newest.get(gate.shard);
    if (!other || other.epoch < gate.epoch) newest.set(gate.shard, gate);
  }
  return newest;
}
