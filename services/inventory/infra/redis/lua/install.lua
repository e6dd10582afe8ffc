-- install.lua: loads one SKU from MySQL, replacing all that Redis believed of it.
-- KEYS  stock grants buyers
-- ARGV  epoch available grant_count reservation_id order_id user_id units
-- REPLY INSTALLED | OLDER
-- ORDER stored epoch; then the writes.
--
-- The only way that stock enters Redis. What is stored under the same or a newer epoch stays: an
-- install that comes late must not undo a newer one. The grants let retries of settled requests find
-- their first answer; the buyers let the limit per user hold. The bind is the replication id of this
-- very server: after a restart or a promotion it differs, and the gate answers STALE.
local stock, grants, buyers = KEYS[1], KEYS[2], KEYS[3]
local epoch, available, grant_count = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local replication = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
if redis.call('TYPE', stock).ok == 'hash' then
  local row = redis.call('HMGET', stock, 'epoch', 'bind')
  local stored = tonumber(row[1])
  if stored and stored >= epoch and row[2] == replication then return 'OLDER' end
end
redis.call('DEL', stock, grants, buyers)
local at = 4
for _ = 1, grant_count do
  redis.call('HSET', grants, ARGV[at], ARGV[at + 1])
  at = at + 2
end
for i = at, #ARGV, 2 do redis.call('HSET', buyers, ARGV[i], ARGV[i + 1]) end
redis.call('HSET', stock, 'available', available, 'epoch', ARGV[1], 'seq', 0, 'bind', replication)
return 'INSTALLED'
