-- refund.lua: gives units of one SKU back to the gate after MySQL has them back, each at most once.
-- KEYS  stock grants buyers
-- ARGV  keep_s reservation_id quantity epoch buyer_id mark
-- REPLY REFUNDED | DUPLICATE | SKIPPED | NOT_LOADED
-- ORDER types of the keys, loaded, epoch, known refund; then the writes.
--
-- ARGV: the seconds to keep an untouched SKU; then five per refund. The epoch is the one under which
-- MySQL committed. An older one than the stock's is already counted in what was loaded: SKIPPED. A
-- newer one is not loaded yet: NOT_LOADED, and the caller tries again. The mark replaces the grant:
-- CLOSED, or the order that really owns the request; an empty mark forgets the grant. A grant that
-- bears its mark has been refunded before.
local stock, grants, buyers = KEYS[1], KEYS[2], KEYS[3]
local keep_s = tonumber(ARGV[1])
-- A key of another type fails the call here, before the first of many refunds has written.
redis.call('HLEN', grants)
redis.call('HLEN', buyers)
local row = redis.call('HMGET', stock, 'available', 'epoch')
local available, current = tonumber(row[1]), tonumber(row[2])
local reply, refunded = {}, 0
for at = 2, #ARGV, 5 do
  local reservation, quantity, epoch = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local buyer, mark = ARGV[at + 3], ARGV[at + 4]
  local answer
  if not current or epoch > current then
    answer = 'NOT_LOADED'
  elseif epoch < current then
    answer = 'SKIPPED'
  else
    local grant = redis.call('HGET', grants, reservation)
    local units = buyer ~= '' and tonumber(redis.call('HGET', buyers, buyer) or '0')
    if grant == mark or (mark == '' and not grant) then
      answer = 'DUPLICATE'
    else
      answer, refunded, available = 'REFUNDED', refunded + 1, available + quantity
      if mark == '' then
        redis.call('HDEL', grants, reservation)
      else
        redis.call('HSET', grants, reservation, mark)
      end
      if units then redis.call('HSET', buyers, buyer, math.max(0, units - quantity)) end
    end
  end
  reply[#reply + 1] = answer
end
if refunded > 0 then
  redis.call('HSET', stock, 'available', available)
  redis.call('HINCRBY', stock, 'seq', refunded)
  -- All three, whichever was written: a stock that outlives its grants would refuse their retries.
  redis.call('EXPIRE', stock, keep_s)
  redis.call('EXPIRE', grants, keep_s + 60)
  redis.call('EXPIRE', buyers, keep_s + 60)
end
return reply
