// Kills, pauses and resumes one process of the run, always by its recorded identity.

import { setTimeout as sleep } from 'node:timers/promises';
import { lives } from '../../process-identity.js';
import type { ProcessTable } from '../../process-table.js';
import type { ProcessRecord } from '../../state.js';

/** The kernel takes a killed process away within milliseconds, a busy one within a second. */
const END_MS_MAX = 10_000;
/** A service drains for 5 s and stops within 15 s, by its own bounds. */
const DRAIN_MS_MAX = 16_000;
const POLL_MS = 5;

/** The record of the newest process of that name. */
export function recordOf(table: ProcessTable, name: string): ProcessRecord {
  const record = table.state.processes.findLast((one) => one.name === name);
  if (record === undefined) throw new Error(`${name} was never started`);
  return record;
}

export function isAlive(table: ProcessTable, name: string): boolean {
  const record = table.state.processes.findLast((one) => one.name === name);
  return record !== undefined && lives(record);
}

/** kill -9, and the wait until it is gone. */
export async function killProcess(table: ProcessTable, name: string): Promise<void> {
  const record = recordOf(table, name);
  send(record, 'SIGKILL');
  await untilGone(record, END_MS_MAX);
  forget(table, record);
}

/** Asks it to end; answers how long that took. */
export async function stopProcess(table: ProcessTable, name: string): Promise<number> {
  const record = recordOf(table, name);
  const startMs = performance.now();
  send(record, 'SIGTERM');
  await untilGone(record, DRAIN_MS_MAX);
  forget(table, record);
  return performance.now() - startMs;
}

export function pauseProcess(table: ProcessTable, name: string): void {
  send(recordOf(table, name), 'SIGSTOP');
}

/** Harmless for one that runs, and for one that is gone. */
export function resumeProcess(table: ProcessTable, name: string): void {
  if (isAlive(table, name)) send(recordOf(table, name), 'SIGCONT');
}

function send(record: ProcessRecord, signal: NodeJS.Signals): void {
  if (!lives(record)) throw new Error(`${record.name} has ended by itself: ${record.log}`);
  process.kill(record.pid, signal);
}

async function untilGone(record: ProcessRecord, waitMsMax: number): Promise<void> {
  for (const endMs = performance.now() + waitMsMax; lives(record); await sleep(POLL_MS)) {
    if (performance.now() > endMs) throw new Error(`${record.name} does not end: ${record.log}`);
  }
}

/** The state names what runs; whoever cleans up must not wonder about the dead. */
function forget(table: ProcessTable, record: ProcessRecord): void {
  table.state.processes = table.state.processes.filter((one) => one !== record);
  table.save();
}
