// Stripe's own mock server (stripe-mock, a Go program) as a process of one test file: it checks every
// request against Stripe's published description of the API and answers with samples. It remembers nothing.
// Found on PATH or where Go installs, else built with Go; a test without it fails and says how to get it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import getPort from 'get-port';
import { buildWithGo, findGo, goBinDirs } from '../../launcher/go-program.js';
import { TOOL_DIR } from '../../launcher/paths.js';
import { findProgram } from '../../launcher/servers/programs.js';

const PROGRAM = {
  name: 'stripe-mock',
  module: 'github.com/stripe/stripe-mock',
  version: 'v0.203.0',
} as const;
const START_MS_MAX = 30_000;
const LOOK_EVERY_MS = 50;

export interface StripeMock {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startStripeMock(): Promise<StripeMock> {
  const file = await programFile();
  const address = `127.0.0.1:${await getPort({ host: '127.0.0.1' })}`;
  const child = spawn(file, ['-http-addr', address], { stdio: 'ignore' });
  const url = `http://${address}`;
  await answers(url, child);
  return { url, stop: () => end(child) };
}

async function programFile(): Promise<string> {
  for (const dir of [process.env['PATH'] ?? '', ...(await goBinDirs()), TOOL_DIR]) {
    const file = findProgram([PROGRAM.name], dir);
    if (file !== undefined) return file;
  }
  const go = findGo();
  if (go === undefined) throw new Error(howToGet('There is no stripe-mock here, and no Go.'));
  try {
    return await buildWithGo(go, PROGRAM);
  } catch (e) {
    throw new Error(howToGet(`Go could not build it:\n${(e as Error).message}`), { cause: e });
  }
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const endMs = Date.now() + START_MS_MAX;
  while (Date.now() < endMs) {
    if (child.exitCode !== null) throw new Error(`stripe-mock has ended: ${child.exitCode}`);
    const answer = await fetch(url).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  await end(child);
  throw new Error('stripe-mock does not answer');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

function howToGet(problem: string): string {
  const { module, version } = PROGRAM;
  return `${problem}
The tests of the Stripe adapter need stripe-mock. Install Go 1.21 or newer from https://go.dev/dl, then run
them again: it is built by itself. Or: CGO_ENABLED=0 go install ${module}@${version}`;
}
