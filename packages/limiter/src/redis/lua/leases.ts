/**
 * The same rules as `algorithms/leases.ts`. The state is a sorted set of slots by the moment they
 * expire; a lease of more than one slot is `id`, `id#2`, `id#3` …, which expire together. A renewal
 * keeps the slots that are held, whatever it was told.
 */
export const LEASE_STATE = `
local function slotsOf(key, id)
  local slots = 1
  while redis.call('ZSCORE', key, id .. '#' .. (slots + 1)) do slots = slots + 1 end
  return slots
end
local function hold(key, id, slots, ttlMs)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now))
  local held = tonumber(redis.call('ZSCORE', key, id) or 0)
  if held > now then slots = slotsOf(key, id) end
  local expires = string.format('%.0f', math.max(held, now + ttlMs * 1000))
  for slot = 1, slots do
    redis.call('ZADD', key, expires, slot == 1 and id or id .. '#' .. slot)
  end
  redis.call('PEXPIRE', key, math.max(ttlMs, redis.call('PTTL', key)))
end
`;

/** Arguments after kind and cost: limit ttlMs id. */
export const LEASE_WEIGH = `
    local limit, ttlMs, id = tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4]), ARGV[a + 5]
    a = a + 5
    local live = string.format('(%.0f', now)
    local taken = redis.call('ZCOUNT', key, live, '+inf')
    local held = tonumber(redis.call('ZSCORE', key, id) or 0)
    ok = held > now or taken + cost <= limit
    remaining = math.max(0, limit - taken)
    takes = cost
    if held > now then takes = 0 end
    if taken > 0 then
      local left = redis.call('PTTL', key)
      reset = (left < 0 and ttlMs or left) * 1000
    end
    resetAfter = math.max(reset, ttlMs * 1000)
    if cost > limit then
      retry = -1
    elseif not ok then
      local needed = taken + cost - limit
      local found = redis.call('ZRANGEBYSCORE', key, live, '+inf', 'WITHSCORES', 'LIMIT', needed - 1, 1)
      retry = math.max(0, tonumber(found[2] or now) - now)
    end
    if cost > 0 then holds[i] = { id, cost, ttlMs } end
`;
