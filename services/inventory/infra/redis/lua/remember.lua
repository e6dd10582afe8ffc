-- remember.lua: tells the gate of older grants of a SKU, so that their retries find their first answer.
-- KEYS  stock grants
-- ARGV  epoch last keep_s reservation_id order_id
-- REPLY REMEMBERED | OLDER
-- ORDER stored epoch; then the writes.
--
-- Comes after an install, a few at a time. Only the epoch of that install takes them: any other load
-- brings its own. What the gate has learned since is newer and stays, above all a CLOSED, without
-- which a refund would count twice. The `last` of them completes the list; from then on a request
-- that is not found was never granted. No look at the replication id is needed: where it differs,
-- nothing of this stock is believed before the next install.
local stock, grants = KEYS[1], KEYS[2]
local epoch, last, keep_s = ARGV[1], ARGV[2], tonumber(ARGV[3])
if redis.call('HGET', stock, 'epoch') ~= epoch then return 'OLDER' end
for at = 4, #ARGV, 2 do redis.call('HSETNX', grants, ARGV[at], ARGV[at + 1]) end
if #ARGV > 3 then redis.call('EXPIRE', grants, keep_s + 60) end
if last == '1' then redis.call('HSET', stock, 'listed', '1') end
return 'REMEMBERED'
