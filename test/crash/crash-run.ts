// One crash from beginning to end: a process armed to die at the point is sent the story's verb and
// dies; its successor at the same address is asked the same. Throws where a promise is broken.
import { freePort, LOOPBACK } from '../../launcher/ports.js';
import type { ServiceProcess } from '../harness/service-process.js';
import { eventually } from '../harness/shop.js';
import type { CrashStage } from './crash-stage.js';
import type { Scene } from './crash-stories.js';
import type { Crash } from './crash-table.js';

/** What was seen, in the words of the table. */
export interface CrashSeen {
  reached: string;
  after: string;
  end: string;
}

/** Repairs quickly, so that a story is told in a second. */
const LOOKS_OFTEN = { AUDIT_INTERVAL_MS: '200' };
/** What is done in the background, such as a refund, is reached a moment after the answer. */
const DIES_MS_MAX = 5_000;
const ASK_AGAIN_MS = 100;
/** The process that is to die does nothing of its own accord meanwhile. */
const LOOKS_RARELY = { AUDIT_INTERVAL_MS: '60000' };

export async function runCrash(stage: CrashStage, crash: Crash): Promise<CrashSeen> {
  const { program } = crash.story;
  const scene = await crash.story.set(stage);
  const address = `${LOOPBACK}:${await freePort()}`;
  const clients = stage.mesh.connect({ [program]: [address] });
  const victim = await stage.start(program, address, { ...LOOKS_RARELY, CRASH_AT: crash.at });
  // A point that lies behind the answer lets the client hear it.
  const heard = await askWhileAlive(victim, () => scene.send(clients));
  const end = await Promise.race([victim.ended, laterThan(DIES_MS_MAX)]);
  if (end !== 'SIGKILL') {
    await victim.stop();
    throw new Error(`${crash.at} was not reached; the answer was ${heard}`);
  }
  const after = await stage.books(scene.skus);

  const successor = await stage.start(program, address, LOOKS_OFTEN);
  try {
    const answer = await ask(scene, () => scene.send(clients));
    const again = await ask(scene, () => scene.send(clients));
    if (answer !== again || answer !== (heard ?? answer)) {
      throw new Error(`${crash.at}: ${heard}, then ${answer}, then ${again}`);
    }
    const books = await stage.booksCome(scene.skus, crash.end);
    for (const sku of scene.skus) await stage.agrees(sku);
    const { inventory } = program === 'inventory' ? clients : stage.mesh.clients;
    for (const sku of scene.skus) await stage.sellsOut(inventory, sku);
    for (const sku of scene.skus) await stage.agrees(sku);
    return { reached: await victim.reached, after, end: books };
  } finally {
    await successor.stop();
  }
}

// A process that has just started may be out of breath: what it could not answer is sent again.
async function askWhileAlive(
  victim: ServiceProcess,
  send: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const untilMs = Date.now() + DIES_MS_MAX;
  for (;;) {
    const heard = await send();
    if (heard !== undefined || Date.now() > untilMs) return heard;
    if ((await Promise.race([victim.ended, laterThan(ASK_AGAIN_MS)])) === 'SIGKILL')
      return undefined;
  }
}

async function laterThan(ms: number): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return `alive after ${ms} ms`;
}

async function ask(scene: Scene, send: () => Promise<string | undefined>): Promise<string> {
  let answer: string | undefined;
  await eventually(
    () => 'the successor does not answer',
    async () => {
      answer = await send();
      return answer !== undefined;
    },
  );
  if (scene.answer !== undefined && answer !== scene.answer) {
    throw new Error(`answered ${answer}, not ${scene.answer}`);
  }
  return answer ?? '';
}
