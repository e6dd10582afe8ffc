// House rules on our code: what may be said where, and the form that every file has.

import { inCode, type Rule } from './rule.js';

const SERVICE_CODE = /^services\/.*\.ts$/;
const TESTS = /\.(test|contract|fixture)\.ts$/;
const CODE = /^(services|launcher|loadtest|test|scripts)\/.*\.(ts|mjs)$/;

export const CODE_RULES: Rule[] = [
  {
    name: 'Redis keys are built in keys.ts alone',
    why: 'one hash tag per partition holds only while one file knows the form of a key',
    files: /^(services|launcher|loadtest)\/.*\.(ts|lua)$/,
    // The auditor spells the keys itself: one that shared the code would share its mistakes.
    except: /^services\/inventory\/infra\/redis\/keys\.ts$|^launcher\/audit\/|\.test\.ts$/,
    finds: inCode(/['"`]\{p(\d|\$\{|['"`])|:(sku|res):/),
    planted: [
      { path: 'services/inventory/app/a.ts', text: "const key = '{p' + partition + '}';" },
      { path: 'services/inventory/infra/b.ts', text: `const key = \`\${tag}:sku:\${skuId}\`;` },
      { path: 'services/inventory/infra/redis/lua/c.lua', text: "local k = tag .. ':res:' .. id" },
    ],
    lawful: [
      { path: 'services/inventory/infra/redis/keys.ts', text: `const key = \`{p\${n}}:sku:\`;` },
      { path: 'services/inventory/app/a.ts', text: '// keys look like {p07}:sku:<sku>' },
      { path: 'services/order/infra/url.ts', text: `const url = \`/\${path}\`;` },
    ],
  },
  {
    name: 'gRPC codes stay at the edges',
    why: 'inside, an outcome is a word; api/, clients and the gateway translate it',
    files: SERVICE_CODE,
    except: new RegExp(
      `/api/|-client\\.ts$|^services/platform/(rpc|grpc)/|^services/gateway/|${TESTS.source}`,
    ),
    finds: inCode(/\bstatus\.[A-Z][A-Z_]+\b|\bCode\.[A-Z]\w+/),
    planted: [
      { path: 'services/order/app/a.ts', text: 'if (e.code === grpc.status.UNAVAILABLE) return;' },
      { path: 'services/order/infra/mysql/b.ts', text: 'throw new E(Code.NotFound);' },
    ],
    lawful: [
      { path: 'services/order/infra/inventory-client.ts', text: 'status.UNAVAILABLE' },
      { path: 'services/order/api/convert.ts', text: 'status.NOT_FOUND' },
      { path: 'services/order/app/a.ts', text: 'const known = order.status.length;' },
    ],
  },
  {
    name: 'drivers are constructed in main.ts alone',
    why: 'whoever holds a connection is visible on one screen, and tests can hand in another',
    files: SERVICE_CODE,
    except: new RegExp(`/main\\.ts$|^services/platform/|${TESTS.source}`),
    finds: inCode(/\b(connectRedis|connectShards|createPool)\(|\bnew Redis\(/),
    planted: [
      { path: 'services/order/infra/a.ts', text: 'const redis = connectRedis({ url });' },
      { path: 'services/order/app/b.ts', text: 'const redis = new Redis(url);' },
    ],
    lawful: [{ path: 'services/order/main.ts', text: 'const redis = connectRedis({ url });' }],
  },
  {
    name: 'domain and app are handed time and chance',
    why: 'a decision that reads the clock itself cannot be tested or replayed',
    files: /^services\/(?!platform\/)[^/]+\/(domain|app)\/.*\.ts$/,
    except: TESTS,
    finds: inCode(
      /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\bset(Timeout|Interval)\(/,
    ),
    planted: [
      { path: 'services/order/domain/a.ts', text: 'const nowMs = Date.now();' },
      { path: 'services/order/app/b.ts', text: 'setTimeout(() => expire(), 10);' },
    ],
    lawful: [
      { path: 'services/order/domain/a.ts', text: 'const late = nowMs > deadlineMs;' },
      { path: 'services/order/infra/c.ts', text: 'const nowMs = Date.now();' },
    ],
  },
  {
    name: 'domain code does not wait',
    why: 'a rule of the business needs no answer from anybody',
    files: /^services\/(?!platform\/)[^/]+\/domain\/.*\.ts$/,
    except: TESTS,
    finds: inCode(/\bawait\b|\basync\b|\bPromise\b/),
    planted: [{ path: 'services/order/domain/a.ts', text: 'const order = await load(orderId);' }],
    lawful: [{ path: 'services/order/domain/a.ts', text: '// callers await the store first' }],
  },
  {
    name: 'a file says its job in its first line',
    why: 'the reader meets the invariant before the code that keeps it',
    files: CODE,
    // A test beside its source is about what its name says; one that stands alone says what it is for.
    except: /^(services|launcher|loadtest)\/.*\.test\.ts$/,
    finds: ({ text }) => (/^(#![^\n]*\n)?\/[/*]/.test(text) ? [] : [1]),
    planted: [{ path: 'services/order/app/a.ts', text: "import { x } from './x.js';" }],
    lawful: [
      { path: 'services/order/app/a.ts', text: "// Keeps x.\nimport { x } from './x.js';" },
      { path: 'scripts/a.mjs', text: '#!/usr/bin/env node\n// Keeps x.' },
    ],
  },
  {
    name: 'file names are kebab-case and say a thing',
    why: 'ls is the index; a helper or a manager is a file without a job',
    files: CODE,
    finds: ({ path }) => (kebabCase(path) ? [] : [1]),
    planted: [
      { path: 'services/order/app/createOrder.ts', text: '' },
      { path: 'services/order/app/order-utils.ts', text: '' },
    ],
    lawful: [
      { path: 'services/order/app/create-order.int.test.ts', text: '' },
      { path: 'services/order/main.ts', text: '' },
    ],
  },
  {
    name: 'types are named for what they are',
    why: 'an I, an Impl, a Manager, a Helper or a Util says nothing about the thing',
    files: CODE,
    except: /^test\/tidy\//,
    finds: inCode(
      /\b(class|interface|type) (I[A-Z][a-z]\w*|\w+(Impl|Manager|Helper|Utils?))(?=\s*(<|=|\{|extends|implements))/,
    ),
    planted: [
      { path: 'services/order/app/a.ts', text: 'export interface IStore {}' },
      { path: 'services/order/app/b.ts', text: 'class OrderManager {}' },
    ],
    lawful: [
      {
        path: 'services/order/app/a.ts',
        text: 'interface IdLease {}\nimport { type ServiceImpl, x }',
      },
    ],
  },
];

function kebabCase(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*\.(ts|mjs)$/;
  return kebab.test(name) && !/\b(utils?|helpers?|manager|impl)\b/.test(name);
}
