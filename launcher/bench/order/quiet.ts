// Waits until what the last measurement left to do in the background is done, so that it is not
// counted as the next one's.
import { setTimeout as sleep } from 'node:timers/promises';
import mysql, { type Connection } from 'mysql2/promise';

const LOOK_INTERVAL_MS = 50;
/**
 * A measurement of some seconds leaves far less behind. What waits longer is waiting for a person.
 */
const QUIET_MS_MAX = 5_000;
const WAITING = 'SELECT COUNT(*) AS waiting FROM outbox WHERE parked_reason IS NULL';

export class Quiet {
  readonly #servers: readonly Connection[];

  static async open(mysqlUrls: readonly string[]): Promise<Quiet> {
    const database = 'spillway_order';
    return new Quiet(
      await Promise.all(mysqlUrls.map((uri) => mysql.createConnection({ uri, database }))),
    );
  }

  private constructor(servers: readonly Connection[]) {
    this.#servers = servers;
  }

  async wait(signal: AbortSignal): Promise<void> {
    const endMs = performance.now() + QUIET_MS_MAX;
    while ((await this.#waiting()) > 0 && performance.now() < endMs) {
      await sleep(LOOK_INTERVAL_MS, undefined, { signal });
    }
  }

  close(): void {
    for (const connection of this.#servers) connection.destroy();
  }

  async #waiting(): Promise<number> {
    const counts = await Promise.all(
      this.#servers.map(async (connection) => {
        const [rows] = await connection.query(WAITING);
        return Number((rows as { waiting: number }[])[0]?.waiting ?? 0);
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }
}
