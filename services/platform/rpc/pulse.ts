// Notices that this process stood still for a while: stopped by a signal, or its machine was suspended.
// When it goes on, it first reads the calls that have gathered meanwhile, and their callers' goodbyes
// after them. The calls that arrive in that moment wait until the goodbyes have been read as well.
// Else a call that was given up long ago, and answered elsewhere since, would take its units after all.

/** Often enough to tell a second from a pause; costs nothing to speak of. */
const BEAT_MS = 200;
/** Shorter pauses are garbage collection and busy machines, and few callers give up within them. */
const STANDSTILL_MS_MIN = 1_000;
/** What has gathered in the sockets of a process is read within milliseconds. */
export const SIFT_MS = 50;

export class Pulse {
  #beatMs = Date.now();
  #siftUntilMs = 0;
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#beatMs = Date.now();
    this.#timer = setInterval(() => this.#beat(Date.now()), BEAT_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Whether calls that arrive now may be as old as the standstill. */
  sifting(nowMs: number): boolean {
    // Input may be read before the timer is: the pause is noticed by whoever comes first.
    if (nowMs - this.#beatMs >= STANDSTILL_MS_MIN && this.#timer !== undefined) this.#beat(nowMs);
    return nowMs < this.#siftUntilMs;
  }

  #beat(nowMs: number): void {
    if (nowMs - this.#beatMs >= STANDSTILL_MS_MIN) this.#siftUntilMs = nowMs + SIFT_MS;
    this.#beatMs = nowMs;
  }
}
