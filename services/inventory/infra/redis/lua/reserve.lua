-- reserve.lua: takes units of one partition for many reservation parts, each whole and at most once.
-- KEYS  stock grants buyers
-- ARGV  sku_count epoch_floor seq_floor reservation_id order_id user_id line_count sku quantity user_limit
-- REPLY GRANTED | DUPLICATE | SOLD_OUT | USER_LIMIT | CLOSED | NOT_LOADED | STALE | EPOCH
-- ORDER loaded, replication id, epoch and sequence, known request, user limit, stock; then the writes.
--
-- KEYS come three per SKU. ARGV: the count of SKUs; per SKU the lowest epoch and sequence that the
-- caller may still believe; per part its ids and, per line, the SKU's number, quantity and limit.
-- The reply has one element per part, then per SKU its epoch and sequence. Everything that will be
-- written is read first, so that a key of a wrong type fails the call before anything has changed:
-- Redis does not roll back.
local replication = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local sku_count, at = tonumber(ARGV[1]), 2
local skus = {}
for i = 1, sku_count do
  local stock = KEYS[3 * i - 2]
  local row = redis.call('HMGET', stock, 'available', 'epoch', 'seq', 'bind')
  local epoch, seq = tonumber(row[2]), tonumber(row[3])
  local fault = false
  if not row[1] then
    fault = 'NOT_LOADED'
  elseif row[4] ~= replication then
    fault = 'STALE'
  elseif epoch < tonumber(ARGV[at]) then
    fault = 'EPOCH'
  elseif epoch == tonumber(ARGV[at]) and seq < tonumber(ARGV[at + 1]) then
    fault = 'STALE'
  end
  skus[i] = { stock = stock, grants = KEYS[3 * i - 1], buyers = KEYS[3 * i], fault = fault,
    available = tonumber(row[1]), epoch = epoch or 0, seq = seq or 0,
    taken = {}, taken_by = {}, grant_writes = {}, dirty = false }
  at = at + 2
end

local function known(sku, reservation)
  return sku.taken[reservation] or redis.call('HGET', sku.grants, reservation)
end

local function bought(sku, user)
  return sku.taken_by[user] or tonumber(redis.call('HGET', sku.buyers, user) or '0')
end

-- Judges one part; returns the reply, and the lines to take when it is granted.
local function judge(reservation, user, lines)
  local owner, missing = false, {}
  for _, line in ipairs(lines) do
    if line.sku.fault then return { line.sku.fault, line.number } end
    local order = known(line.sku, reservation)
    if order == 'CLOSED' then return { 'CLOSED' } end
    if order then owner = order else missing[#missing + 1] = line end
  end
  if #missing == 0 then return { 'DUPLICATE', owner } end
  for _, line in ipairs(missing) do
    if line.limit > 0 then
      local left = line.limit - bought(line.sku, user)
      if left < line.quantity then return { 'USER_LIMIT', line.number, left > 0 and left or 0 } end
    end
    if line.sku.available < line.quantity then
      return { 'SOLD_OUT', line.number, line.sku.available }
    end
  end
  return nil, missing, owner
end

local function take(line, reservation, order, user)
  local sku = line.sku
  sku.available, sku.seq, sku.dirty = sku.available - line.quantity, sku.seq + 1, true
  sku.taken[reservation] = order
  sku.grant_writes[#sku.grant_writes + 1] = reservation
  sku.grant_writes[#sku.grant_writes + 1] = order
  if line.limit > 0 then sku.taken_by[user] = bought(sku, user) + line.quantity end
end

local reply = {}
while at <= #ARGV do
  local reservation, order, user = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local lines = {}
  for i = 1, tonumber(ARGV[at + 3]) do
    local from = at + 4 + 3 * (i - 1)
    local number = tonumber(ARGV[from])
    lines[i] = { number = number, sku = skus[number], quantity = tonumber(ARGV[from + 1]),
      limit = tonumber(ARGV[from + 2]) }
  end
  at = at + 4 + 3 * #lines
  local refusal, missing, owner = judge(reservation, user, lines)
  if refusal then
    reply[#reply + 1] = refusal
  else
    for _, line in ipairs(missing) do take(line, reservation, owner or order, user) end
    if owner or #missing < #lines then
      local answer = { 'GRANTED', owner }
      for _, line in ipairs(missing) do answer[#answer + 1] = line.number end
      reply[#reply + 1] = answer
    else
      reply[#reply + 1] = 'GRANTED'
    end
  end
end

for _, sku in ipairs(skus) do
  if sku.dirty then
    redis.call('HSET', sku.stock, 'available', sku.available, 'seq', sku.seq)
    for i = 1, #sku.grant_writes, 2000 do
      redis.call('HSET', sku.grants, unpack(sku.grant_writes, i, math.min(i + 1999, #sku.grant_writes)))
    end
    for user, units in pairs(sku.taken_by) do redis.call('HSET', sku.buyers, user, units) end
  end
  reply[#reply + 1] = sku.epoch
  reply[#reply + 1] = sku.seq
end
return reply
