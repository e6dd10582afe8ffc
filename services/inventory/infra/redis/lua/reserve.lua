-- reserve.lua: takes units of one partition for many reservation parts, each whole and at most once.
-- KEYS  stock grants buyers
-- ARGV  sku_count keep_s epoch_floor seq_floor parts
-- REPLY GRANTED | DUPLICATE | SOLD_OUT | USER_LIMIT | CLOSED | NOT_LOADED | STALE | EPOCH
-- ORDER loaded, replication id, epoch and sequence, known request, user limit, stock; then the writes.
--
-- KEYS come three per SKU. ARGV: the count of SKUs, the seconds to keep an untouched one; per SKU the
-- lowest epoch and sequence that the caller may still believe; then all parts as one JSON text, each
-- [reservation_id, order_id, user_id, sku, quantity, user_limit, ...] with three elements per line
-- (as arguments of their own they cost the caller twice as much). The reply has one element per part,
-- then per SKU its epoch and sequence. SOLD_OUT and USER_LIMIT end in UNLISTED when the request may be
-- older than this load: it is new to the SKU that refuses, but not all older grants of that SKU are
-- here yet. All that will be written is read first, because Redis does not roll back. A key of another
-- type is nobody's memory: its SKU is NOT_LOADED, the others of the call are served.
local replication = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local sku_count, keep_s, at = tonumber(ARGV[1]), tonumber(ARGV[2]), 3
local skus = {}
for i = 1, sku_count do
  local stock = KEYS[3 * i - 2]
  local row = redis.pcall('HMGET', stock, 'available', 'epoch', 'seq', 'bind', 'listed')
  local available, epoch, seq = tonumber(row[1]), tonumber(row[2]), tonumber(row[3])
  local epoch_floor, seq_floor = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local fault = false
  if not (available and epoch and seq) then
    fault = 'NOT_LOADED'
  elseif row[4] ~= replication or (epoch == epoch_floor and seq < seq_floor) then
    fault = 'STALE'
  elseif epoch < epoch_floor then
    fault = 'EPOCH'
  end
  skus[i] = { stock = stock, grants = KEYS[3 * i - 1], buyers = KEYS[3 * i], fault = fault,
    available = available, epoch = epoch or 0, seq = seq or 0, listed = row[5] == '1',
    taken = {}, taken_by = {}, grant_writes = {}, dirty = false }
  at = at + 2
end

-- Both answer a table when the key is of another type.
local function known(sku, reservation)
  return sku.taken[reservation] or redis.pcall('HGET', sku.grants, reservation)
end
local function bought(sku, user)
  return sku.taken_by[user] or redis.pcall('HGET', sku.buyers, user) or 0
end
local function refuse(word, line, left)
  return { word, line.number, left, not line.sku.listed and 'UNLISTED' or nil }
end

-- Judges one part; returns the reply, and the lines to take when it is granted.
local function judge(reservation, user, lines)
  local owner, missing = false, {}
  for _, line in ipairs(lines) do
    if line.sku.fault then return { line.sku.fault, line.number } end
    local order = known(line.sku, reservation)
    if type(order) == 'table' then return { 'NOT_LOADED', line.number } end
    if order == 'CLOSED' then return { 'CLOSED' } end
    if order then owner = order else missing[#missing + 1] = line end
  end
  if #missing == 0 then return { 'DUPLICATE', owner } end
  for _, line in ipairs(missing) do
    if line.limit > 0 then
      local units = bought(line.sku, user)
      if type(units) == 'table' then return { 'NOT_LOADED', line.number } end
      local left = line.limit - tonumber(units)
      if left < line.quantity then return refuse('USER_LIMIT', line, math.max(0, left)) end
    end
    local left = line.sku.available
    if left < line.quantity then return refuse('SOLD_OUT', line, left) end
  end
  return nil, missing, owner
end

local function take(line, reservation, order, user)
  local sku = line.sku
  sku.available, sku.seq, sku.dirty = sku.available - line.quantity, sku.seq + 1, true
  sku.taken[reservation] = order
  sku.grant_writes[#sku.grant_writes + 1] = reservation
  sku.grant_writes[#sku.grant_writes + 1] = order
  if line.limit > 0 then sku.taken_by[user] = tonumber(bought(sku, user)) + line.quantity end
end

local reply = {}
for p, part in ipairs(cjson.decode(ARGV[at])) do
  local reservation, order, user = part[1], part[2], part[3]
  local lines = {}
  for from = 4, #part, 3 do
    lines[#lines + 1] = { number = part[from], sku = skus[part[from]], quantity = part[from + 1],
      limit = part[from + 2] }
  end
  local refusal, missing, owner = judge(reservation, user, lines)
  if refusal then
    reply[p] = refusal
  else
    for _, line in ipairs(missing) do take(line, reservation, owner or order, user) end
    if owner then
      local answer = { 'GRANTED', owner }
      for _, line in ipairs(missing) do answer[#answer + 1] = line.number end
      reply[p] = answer
    else
      reply[p] = 'GRANTED'
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
    -- All three, whichever was written: a stock that outlives its grants would refuse their retries.
    redis.call('EXPIRE', sku.stock, keep_s)
    redis.call('EXPIRE', sku.grants, keep_s + 60)
    redis.call('EXPIRE', sku.buyers, keep_s + 60)
  end
  reply[#reply + 1] = sku.epoch
  reply[#reply + 1] = sku.seq
end
return reply
