-- install.lua: loads one SKU from MySQL, replacing all that Redis believed of it.
-- KEYS  stock grants buyers
-- ARGV  epoch available listed keep_s grant_count reservation_id order_id user_id units
-- REPLY INSTALLED | OLDER
-- ORDER stored epoch; then the writes.
--
-- The only way that stock enters Redis. What is stored under the same or a newer epoch stays: an
-- install that comes late must not undo a newer one. The grants let retries of settled requests find
-- their first answer; unless all of them are `listed`, remember.lua brings the others. The buyers let
-- the limit per user hold. The bind is the replication id of this very server: after a restart or a
-- promotion it differs, and the gate answers STALE.
local stock, grants, buyers = KEYS[1], KEYS[2], KEYS[3]
local epoch, available, listed = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local keep_s, grant_count = tonumber(ARGV[4]), tonumber(ARGV[5])
local replication = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
if redis.call('TYPE', stock).ok == 'hash' then
  local row = redis.call('HMGET', stock, 'epoch', 'bind')
  local stored = tonumber(row[1])
  if stored and stored >= epoch and row[2] == replication then return 'OLDER' end
end

-- Lua takes some thousands of arguments at a time.
local function fill(key, from, to)
  for i = from, to, 2000 do
    redis.call('HSET', key, unpack(ARGV, i, math.min(i + 1999, to)))
  end
end

-- The memory of a million grants is freed by a thread of its own, while others are served.
redis.call('UNLINK', stock, grants, buyers)
local grants_end = 5 + 2 * grant_count
fill(grants, 6, grants_end)
fill(buyers, grants_end + 1, #ARGV)
redis.call('HSET', stock, 'available', available, 'epoch', ARGV[1], 'seq', 0,
  'bind', replication, 'listed', listed)
-- The stock goes first: one that outlives its grants would refuse their retries.
redis.call('EXPIRE', stock, keep_s)
redis.call('EXPIRE', grants, keep_s + 60)
redis.call('EXPIRE', buyers, keep_s + 60)
return 'INSTALLED'
