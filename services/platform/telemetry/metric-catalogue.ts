// Every metric that a process of the mesh exposes: name, kind, unit, labels, help. Nothing is counted
// under a name that is not here (the registry takes these names alone), and docs/metrics.md is printed
// from it. Names and labels follow OpenTelemetry's conventions where one exists; its dots become
// underscores in Prometheus, where units and `_total` are appended (metric-names.ts).
//
// Invariant: no label takes its values from callers. Ids of orders, users and SKUs stand in logs and
// traces; here they would make a series each.

export type MetricKind = 'counter' | 'gauge' | 'histogram';

export interface MetricDefinition {
  readonly kind: MetricKind;
  /** As UCUM has it: s, By, 1, or {what is counted}. */
  readonly unit: string;
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram's buckets, rising. */
  readonly bounds?: readonly number[];
}

/** From a script call to a caller's patience; dense where the promises are (200 and 500 ms). */
const SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10,
] as const;
/** From a callback to a forgotten order. */
const LONG_SECONDS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 86_400] as const;
const ITEMS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024] as const;

type Labels = readonly string[];

function counter<const L extends Labels>(unit: string, labels: L, help: string) {
  return { kind: 'counter', unit, labels, help } as const;
}
function gauge<const L extends Labels>(unit: string, labels: L, help: string) {
  return { kind: 'gauge', unit, labels, help } as const;
}
function spread<const L extends Labels>(
  unit: string,
  bounds: readonly number[],
  labels: L,
  help: string,
) {
  return { kind: 'histogram', unit, labels, help, bounds } as const;
}
function times<const L extends Labels>(labels: L, help: string) {
  return spread('s', SECONDS, labels, help);
}

const EDGES = {
  'rpc.server.call.duration': times(
    ['rpc_method', 'rpc_response_status_code'],
    'Unary gRPC calls that this process has answered',
  ),
  'rpc.client.call.duration': times(
    ['rpc_method', 'rpc_response_status_code'],
    'Unary gRPC calls that this process has made',
  ),
  'http.server.request.duration': times(
    ['http_request_method', 'http_route', 'http_response_status_code'],
    'HTTP requests that the gateway has answered; routes that it does not have are "other"',
  ),
  'spillway.rpc.active': gauge('{call}', ['kind'], 'Calls that handlers are busy with'),
  'spillway.rpc.limit': gauge('{call}', ['kind'], 'Calls above which callers are refused'),
} as const;

const BATCHES = {
  'spillway.batch.size': spread(
    '{item}',
    ITEMS,
    ['batcher'],
    'Items that travelled together in one call, script or commit',
  ),
  'spillway.batch.duration': times(['batcher'], 'How long one batch took'),
  'spillway.batch.waiting': gauge('{item}', ['batcher'], 'Items that wait for their batch'),
  'spillway.batch.refused': counter(
    '{item}',
    ['batcher'],
    'Items refused before they started: queue full, waited too long, or deadline passed',
  ),
  'spillway.loop.failures': counter('{run}', ['loop'], 'Runs of background loops that failed'),
  'spillway.look.age': gauge(
    's',
    ['look'],
    'Since the last look at a store succeeded; gauges that come from it are as old',
  ),
} as const;

const STORES = {
  'db.client.operation.duration': times(
    ['db_system_name', 'db_operation_name', 'error_type'],
    'Transactions and statements of MySQL by name, scripts of Redis by name',
  ),
  'db.client.connection.count': gauge(
    '{connection}',
    ['db_client_connection_pool_name', 'db_client_connection_state'],
    'Connections of a pool that are open, idle or used',
  ),
  'db.client.connection.max': gauge(
    '{connection}',
    ['db_client_connection_pool_name'],
    'Connections that a pool may open',
  ),
  'db.client.connection.pending_requests': gauge(
    '{request}',
    ['db_client_connection_pool_name'],
    'Work that waits for a connection of the pool',
  ),
  'db.client.connection.wait_time': times(
    ['db_client_connection_pool_name'],
    'How long work has waited for a connection of the pool',
  ),
  'spillway.mysql.contention': counter(
    '{attempt}',
    ['cause'],
    'Transactions that lost against another one and were run again or given up',
  ),
  'spillway.mysql.row_lock.waits': counter('{wait}', ['server'], 'Row lock waits of the server'),
  'spillway.mysql.row_lock.time': counter('s', ['server'], 'Time spent in row lock waits'),
  'spillway.mysql.row_lock.waiting': gauge('{wait}', ['server'], 'Row lock waits at this moment'),
  'spillway.redis.disconnects': counter('{connection}', [], 'Redis connections that were lost'),
  'spillway.outbox.events': counter('{event}', ['result'], 'Events of the outbox by their fate'),
  'spillway.outbox.waiting': gauge('{event}', [], 'Events that still have to be heard'),
  'spillway.outbox.parked': gauge('{event}', [], 'Events set aside for a person'),
  'spillway.outbox.lag': gauge('s', [], 'Age of the oldest event that is not parked'),
} as const;

const STOCK = {
  'spillway.gate.replies': counter('{part}', ['outcome'], 'What the gate has answered'),
  'spillway.gate.units': counter(
    '{unit}',
    ['move'],
    'Units that this process has taken from the gate (granted) or handed back to it (given_back)',
  ),
  'spillway.gate.in_flight': gauge('{grant}', [], 'Grants on their way from gate to arbiter'),
  'spillway.gate.difference': gauge(
    '{unit}',
    [],
    'Units by which gate and arbiter differed at the last look, those in flight left out',
  ),
  'spillway.settle.results': counter('{part}', ['outcome'], 'What the arbiter has answered'),
  'spillway.settle.units': counter('{unit}', [], 'Units that the arbiter has given away'),
  'spillway.stock.drifts': counter(
    '{sku}',
    [],
    'SKUs of which gate and arbiter differed while nobody worked on them; each was loaded anew',
  ),
  'spillway.stock.rebases': counter('{sku}', ['cause'], 'SKUs loaded into Redis anew'),
  'spillway.stock.units': gauge(
    '{unit}',
    ['sku_class', 'holding'],
    'Units by size of the SKU (its total) and by what they are: available, reserved, sold',
  ),
  'spillway.stock.skus': gauge('{sku}', ['sku_class'], 'SKUs by size'),
  'spillway.stock.low': gauge(
    '{sku}',
    [],
    'SKUs that are below the threshold of low stock and not sold out',
  ),
  'spillway.stock.unbalanced': gauge(
    '{sku}',
    [],
    'SKUs whose units do not add up, or disagree with their own ledger: must be 0',
  ),
  'spillway.stock.check_backs': counter('{hold}', ['fate'], 'Holds that ended, by their order'),
} as const;

const ORDERS = {
  'spillway.order.creates': counter('{order}', ['outcome'], 'CreateOrder by outcome'),
  'spillway.order.transitions': counter('{order}', ['state'], 'Orders that entered a state'),
  'spillway.order.age': spread(
    's',
    LONG_SECONDS,
    ['state'],
    'Age of orders when they entered a state',
  ),
  'spillway.order.open': gauge(
    '{order}',
    ['state'],
    'Orders in a state that is not final, counted up to 10,000 on each server',
  ),
  'spillway.order.oldest.age': gauge('s', ['state'], 'Age of the oldest order in an open state'),
  'spillway.order.deadline.lag': gauge(
    's',
    [],
    'How long the longest overdue unpaid order has waited for its expiry',
  ),
  'spillway.order.replica.reads': counter(
    '{read}',
    ['outcome'],
    'Reads that a replica may answer, of orders and of lists: ANSWERED by one, or by the primary ' +
      'since the replica had NOT_ENOUGH (it is behind, a shard is on the move, an order may be ' +
      'tracked), has FAILED, or was PASSED_OVER (it rests, or the caller is in haste)',
  ),
} as const;

const PAYMENTS = {
  'spillway.payment.transitions': counter('{payment}', ['state'], 'Payments that entered a state'),
  'spillway.payment.open': gauge(
    '{payment}',
    ['state'],
    'Payments of which the provider may still say something, up to 10,000 on each server',
  ),
  'spillway.payment.stuck': gauge(
    '{payment}',
    [],
    'Such payments whose deadline passed more than a minute ago',
  ),
  'spillway.payment.events': counter('{event}', ['result'], 'Callbacks of providers by result'),
  'spillway.payment.callback.delay': spread(
    's',
    LONG_SECONDS,
    [],
    'From the time that a provider names in its event until the event is taken',
  ),
  'spillway.payment.provider.duration': times(
    ['operation', 'outcome'],
    'Calls to the payment provider',
  ),
  'spillway.payment.provider.down': gauge('1', [], '1 while the provider is taken to be down'),
} as const;

const RUNTIME = {
  'nodejs.eventloop.delay.p50': gauge('s', [], 'Median delay of the event loop, last 10 s'),
  'nodejs.eventloop.delay.p99': gauge('s', [], '99th percentile of the same'),
  'nodejs.eventloop.delay.max': gauge('s', [], 'Maximum of the same'),
  'nodejs.eventloop.utilization': gauge('1', [], 'Share of the last 10 s that the loop was busy'),
  'v8js.gc.duration': times(['v8js_gc_type'], 'Pauses for garbage collection'),
  'v8js.memory.heap.used': gauge('By', [], 'Memory of the heap in use'),
  'process.memory.usage': gauge('By', [], 'Resident memory'),
  'process.cpu.time': counter('s', ['cpu_mode'], 'Processor time of the process'),
  'process.uptime': gauge('s', [], 'Since the process started'),
} as const;

export const METRICS = {
  ...EDGES,
  ...BATCHES,
  ...STORES,
  ...STOCK,
  ...ORDERS,
  ...PAYMENTS,
  ...RUNTIME,
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;
export type MetricOf<K extends MetricKind> = {
  [N in MetricName]: (typeof METRICS)[N]['kind'] extends K ? N : never;
}[MetricName];
