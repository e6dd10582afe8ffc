// Bugs in the gate: the Lua scripts, and how the driver sends them.

const LUA = 'services/inventory/infra/redis/lua';
const FENCES_TEST = 'services/inventory/infra/redis/gate-fences.int.test.ts';
const REDIS = 'services/platform/redis';

export const GATE = [
  {
    name: 'stock-before-dedupe',
    why: 'the retry of the request that took the last unit hears SOLD_OUT',
    edits: [
      {
        file: `${LUA}/reserve.lua`,
        find: 'local owner, missing = false, {}\n  for _, line in ipairs(lines) do',
        replace:
          'local owner, missing = false, {}\n  for _, line in ipairs(lines) do\n' +
          '    if not line.sku.fault and line.sku.available < line.quantity then\n' +
          "      return refuse('SOLD_OUT', line, line.sku.available)\n" +
          '    end',
      },
    ],
    killedBy: { file: FENCES_TEST, test: '^the retry of the request that took the last unit' },
    needs: 'servers',
  },
  {
    name: 'noscript-only-fence',
    why: 'a promoted replica that is behind sells units a second time',
    edits: [
      {
        file: `${LUA}/reserve.lua`,
        find: 'elseif row[4] ~= replication or (epoch == epoch_floor and seq < seq_floor) then',
        replace: 'elseif (epoch == epoch_floor and seq < seq_floor) then',
      },
    ],
    killedBy: { file: FENCES_TEST, test: '^a Redis with another replication id' },
    needs: 'servers',
  },
  {
    name: 'no-floor-of-epochs',
    why: 'a Redis of the past is believed by processes that know better',
    edits: [
      {
        file: `${LUA}/reserve.lua`,
        find: 'elseif epoch < epoch_floor then',
        replace: 'elseif false then',
      },
    ],
    killedBy: { file: FENCES_TEST, test: '^a Redis that is behind what this process has seen' },
    needs: 'servers',
  },
  {
    name: 'not-loaded-is-zero-in-lua',
    why: 'after a loss of Redis everything is sold out for ever',
    edits: [
      {
        file: `${LUA}/reserve.lua`,
        find: "fault = 'NOT_LOADED'\n",
        replace: 'available, epoch, seq = 0, 0, 0\n',
      },
    ],
    killedBy: { file: FENCES_TEST, test: '^what was never loaded is not zero' },
    needs: 'servers',
  },
  {
    name: 'install-without-older-check',
    why: 'a load that comes late brings back units that were sold meanwhile',
    edits: [
      {
        file: `${LUA}/install.lua`,
        find: "if stored and stored >= epoch and row[2] == replication then return 'OLDER' end",
        replace: '',
      },
    ],
    killedBy: { file: FENCES_TEST, test: '^a load that comes late undoes nothing' },
    needs: 'servers',
  },
  {
    name: 'refund-without-epoch-check',
    why: 'units that a load has counted are refunded on top of it',
    edits: [
      {
        file: `${LUA}/refund.lua`,
        find: 'elseif epoch < current then',
        replace: 'elseif false then',
      },
    ],
    killedBy: { file: FENCES_TEST, test: '^a refund of an older epoch' },
    needs: 'servers',
  },
  {
    name: 'refund-without-mark',
    why: 'a refund that is sent twice brings its units back twice',
    edits: [
      {
        file: `${LUA}/refund.lua`,
        find: "if grant == mark or (mark == '' and not grant) then",
        replace: 'if false then',
      },
    ],
    killedBy: { file: FENCES_TEST, test: '^a refund counts once' },
    needs: 'servers',
  },
  {
    name: 'page-overwrites-what-is-newer',
    why: 'a closed request gets its units back, and is refunded twice',
    edits: [{ file: `${LUA}/remember.lua`, find: "'HSETNX'", replace: "'HSET'" }],
    killedBy: { file: FENCES_TEST, test: '^older grants that come late' },
    needs: 'servers',
  },
  {
    name: 'driver-defaults-resend',
    why: 'a reserve whose answer was lost is sent again by the driver, and takes twice',
    edits: [
      {
        file: `${REDIS}/node-options.ts`,
        find: 'autoResendUnfulfilledCommands: false,',
        replace: 'autoResendUnfulfilledCommands: true,',
      },
      {
        file: `${REDIS}/node-options.ts`,
        find: 'maxRetriesPerRequest: 0,',
        replace: 'maxRetriesPerRequest: 20,',
      },
    ],
    killedBy: { file: `${REDIS}/connect.int.test.ts`, test: 'an answer that is lost cutAfter$' },
    needs: 'servers',
  },
  {
    name: 'driver-defaults-offline-queue',
    why: 'a reserve given while disconnected runs minutes later, after its undo',
    edits: [
      {
        file: `${REDIS}/node-options.ts`,
        find: 'enableOfflineQueue: false,',
        replace: 'enableOfflineQueue: true,',
      },
    ],
    killedBy: {
      file: `${REDIS}/connect.int.test.ts`,
      test: '^a command given while disconnected is rejected',
    },
    needs: 'servers',
  },
];
