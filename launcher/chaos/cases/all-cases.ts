// The case table, in the order in which a full run goes through it.

import type { ChaosCase } from '../chaos-case.js';
import { MYSQL_CASES } from './mysql-faults.js';
import { PROCESS_CASES } from './process-faults.js';
import { REDIS_CLUSTER_CASES } from './redis-cluster.js';
import { REDIS_FAILOVER_CASES } from './redis-failover.js';
import { REDIS_MEMORY_CASES } from './redis-memory.js';
import { REDIS_TROUBLE_CASES } from './redis-trouble.js';
import { swarmOf } from './swarm.js';

const SINGLE_CASES: readonly ChaosCase[] = [
  ...REDIS_MEMORY_CASES,
  ...REDIS_FAILOVER_CASES,
  ...REDIS_TROUBLE_CASES,
  ...REDIS_CLUSTER_CASES,
  ...MYSQL_CASES,
  ...PROCESS_CASES,
];

export function casesFor(topology: 'SERVER' | 'CLUSTER'): readonly ChaosCase[] {
  const fitting = SINGLE_CASES.filter((one) => (one.topology ?? topology) === topology);
  return [...fitting, swarmOf(fitting)];
}
