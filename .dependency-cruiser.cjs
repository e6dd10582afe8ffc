// Who may import whom. A rule names the folder it speaks of and lists what that folder may reach
// (or must not); `$1` stands for the service that the importing file belongs to. Each rule has a
// planted violation in test/tidy-imports.test.ts, which sees the rule catch it.

const TESTS = '\\.(test|contract|fixture)\\.ts$';
const DRIVERS = 'node_modules/(mysql2|ioredis|umzug)/';
const OTHER_SERVICES = '^services/(?!platform/)';

const rule = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

/** Layers of one service: api -> app -> domain <- infra, wired by main.ts alone. */
const layers = [
  rule(
    'domain-is-pure',
    'Domain code is plain functions: no npm, no node:, no generated code, no other layer. What ' +
      'platform lends it is as pure as itself.',
    { path: '^services/(?!platform/)([^/]+)/domain/', pathNot: TESTS },
    {
      pathNot: [
        '^services/$1/domain/',
        '^services/platform/(assert|digest|shard|telemetry/trace-context)\\.ts$',
      ],
    },
  ),
  rule(
    'app-knows-only-domain',
    'A use case speaks to the world through its ports; machinery without a business word is fine.',
    { path: '^services/(?!platform/)([^/]+)/app/', pathNot: TESTS },
    {
      pathNot: [
        '^services/$1/(app|domain)/',
        '^services/platform/(saga|batcher|retry|clock|ids|known-ids|assert|loop|digest|shard|log)\\.ts$',
        '^services/platform/crash-point\\.ts$',
        '^services/platform/telemetry/(metrics|trace-context|trace-recorder)\\.ts$',
      ],
    },
  ),
  rule(
    'api-decodes-and-encodes',
    'The api layer calls use cases; it reaches no adapter and no driver.',
    { path: '^services/(?!platform/)([^/]+)/api/', pathNot: TESTS },
    { path: ['^services/$1/(infra/|main\\.ts)', DRIVERS, '^services/platform/(mysql|redis)/'] },
  ),
  rule(
    'infra-serves-ports',
    'An adapter knows the domain and the ports it implements, no use case and no other layer.',
    { path: '^services/(?!platform/)([^/]+)/infra/', pathNot: TESTS },
    { path: '^services/$1/', pathNot: '^services/$1/(infra/|domain/|app/ports)' },
  ),
  rule(
    'infra-gen-in-clients-only',
    'Generated messages stop at the clients of other services.',
    { path: '^services/[^/]+/infra/', pathNot: [TESTS, '-client\\.ts$'] },
    { path: '^gen/' },
  ),
  rule(
    'main-is-last',
    'Only tests and the process itself start at main.ts: nothing in a service imports it.',
    { path: '^(services|launcher|loadtest)/', pathNot: TESTS },
    { path: '^services/[^/]+/main\\.ts$' },
  ),
];

const boundaries = [
  rule(
    'no-service-imports-another',
    'Services meet in proto/ and nowhere else.',
    { path: '^services/(?!platform/)([^/]+)/' },
    { path: OTHER_SERVICES, pathNot: '^services/$1/' },
  ),
  rule(
    'platform-knows-no-service',
    'Platform is machinery without a business word.',
    { path: '^services/platform/' },
    { path: OTHER_SERVICES },
  ),
  rule(
    'platform-knows-no-contract',
    'Nor does it know our messages; its tests may use them as samples.',
    { path: '^services/platform/', pathNot: TESTS },
    { path: '^gen/spillway/' },
  ),
  rule(
    'services-know-no-tooling',
    'A service runs without the launcher, the load generator and the test harness.',
    { path: '^services/' },
    { path: '^(launcher|loadtest|scripts|test)/', pathNot: '^test/harness' },
  ),
  rule(
    'harness-in-tests-only',
    'Production code never reaches test code.',
    { path: '^(services|launcher|loadtest)/', pathNot: TESTS },
    { path: ['^test/', TESTS] },
  ),
  rule(
    'gen-stands-alone',
    'Generated code depends on the protobuf runtime alone.',
    { path: '^gen/' },
    { pathNot: ['^gen/', 'node_modules/@bufbuild/'] },
  ),
  rule(
    'outside-uses-the-front-door',
    'The launcher and the load generator use a service as a stranger would: over the network. Only ' +
      'the benchmark also measures parts of one, and keeps that in one folder.',
    { path: '^(launcher|loadtest)/', pathNot: '^launcher/bench/parts/' },
    { path: OTHER_SERVICES },
  ),
  rule(
    'scenarios-use-the-front-door',
    'Scenario tests start a service by its main.ts and then call it: no inner folder. Only the ' +
      'schedules wire use cases of two services together, to order their steps.',
    { path: '^test/(?!schedules/)' },
    { path: OTHER_SERVICES, pathNot: '^services/[^/]+/main\\.ts$' },
  ),
];

const hygiene = [
  rule('no-cycles', 'A cycle is one module with a gap in it.', {}, { circular: true }),
  rule('resolvable', 'An import that leads nowhere.', {}, { couldNotResolve: true }),
  rule(
    'runtime-dependencies-only',
    'What runs in production is a dependency, not a devDependency or a lucky hoist.',
    { path: '^(services|launcher|loadtest)/', pathNot: TESTS },
    {
      dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
      // k6 brings these modules itself; the package has only their types.
      pathNot: '^node_modules/@types/k6/',
    },
  ),
];

module.exports = {
  forbidden: [...layers, ...boundaries, ...hygiene],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
