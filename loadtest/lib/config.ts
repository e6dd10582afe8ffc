// What the launcher tells a script: where the mesh is, how big the run is, where to write. The only
// file of the load tests that reads the environment; `./spillway load` sets all of it.

import type { ScenarioName } from '../plan/scenario-table.ts';

export const config = {
  scenario: text('LOAD_SCENARIO') as ScenarioName,
  /** In front of every id of this run, so that it never meets another run on the same mesh. */
  tag: text('LOAD_TAG'),
  seed: whole('LOAD_SEED'),
  rate: whole('LOAD_RATE'),
  seconds: whole('LOAD_SECONDS'),
  skus: whole('LOAD_SKUS'),
  units: whole('LOAD_UNITS'),
  /** A small run beside other work: it promises the same outcomes, but not the same latency. */
  short: text('LOAD_SHORT') === '1',
  order: text('LOAD_ORDER').split(','),
  inventory: text('LOAD_INVENTORY').split(','),
  payment: text('LOAD_PAYMENT').split(','),
  gateway: text('LOAD_GATEWAY'),
  /** A folder with the descriptors of each service. */
  protosets: text('LOAD_PROTOSETS'),
  summaryFile: text('LOAD_SUMMARY'),
};

function text(name: string): string {
  const value = __ENV[name];
  if (value === undefined || value === '') {
    throw new Error(`${name} is not set; start this script with: ./spillway load`);
  }
  return value;
}

function whole(name: string): number {
  const value = Number(text(name));
  if (!Number.isInteger(value)) throw new Error(`${name} is no whole number: ${text(name)}`);
  return value;
}
