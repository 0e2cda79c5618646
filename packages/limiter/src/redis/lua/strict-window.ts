/**
 * The same arithmetic as `algorithms/strict-window.ts`. The state is packed: the number of the newest
 * bucket, then the counts, newest first, without the empty ones at the end.
 */
export const WINDOW_STATE = `
local function readWindow(raw)
  if not raw then return { 0 } end
  local state = cmsgpack.unpack(raw)
  if type(state) ~= 'table' or type(state[1]) ~= 'number' then
    error('a window counter holds something else')
  end
  return state
end
local function shifted(state, current, buckets, amount)
  local shift = current - state[1]
  local fresh = { current }
  local last = 1
  for k = 0, buckets do
    local count = k >= shift and state[k - shift + 2] or 0
    if k == 0 then count = count + amount end
    fresh[k + 2] = count
    if count > 0 then last = k + 2 end
  end
  for k = #fresh, last + 1, -1 do fresh[k] = nil end
  return fresh
end
`;

/** Arguments after kind and cost: limit bucketUs buckets. */
export const WINDOW_WEIGH = `
    local limit, length, buckets = tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5])
    a = a + 5
    local state = readWindow(redis.call('GET', key))
    local newest = state[1]
    local current = math.max(math.floor(now / length), newest)
    local shift = current - newest
    local total, newestUsed = 0, -1
    for k = 0, buckets - shift do
      local count = state[k + 2] or 0
      total = total + count
      if count > 0 and newestUsed == -1 then newestUsed = newest - k end
    end
    ok = total + cost <= limit
    remaining = math.max(0, limit - total)
    if newestUsed ~= -1 then reset = (newestUsed + buckets + 1) * length - now end
    resetAfter = reset
    if cost > limit then
      retry = -1
    elseif not ok then
      local missing, k = total + cost - limit, buckets - shift + 1
      while missing > 0 and k > 0 do
        k = k - 1
        missing = missing - (state[k + 2] or 0)
      end
      retry = (newest - k + buckets + 1) * length - now
    end
    p1 = current
    if cost > 0 then
      resetAfter = (current + buckets + 1) * length - now
      if ok then
        values[i] = cmsgpack.pack(shifted(state, current, buckets, cost))
        lives[i] = resetAfter
      end
    end
`;

/** Arguments after kind and delta: bucket bucketUs buckets. */
export const WINDOW_ADJUST = `
    local bucket, length, buckets = tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5])
    local state = readWindow(redis.call('GET', key))
    local current = math.max(math.floor(now / length), state[1])
    local life = (current + buckets + 1) * length - now
    if delta > 0 then
      write(key, cmsgpack.pack(shifted(state, current, buckets, delta)), life)
    else
      local k = state[1] - bucket
      local count = k >= 0 and state[k + 2]
      if count and count > 0 then
        state[k + 2] = math.max(0, count + delta)
        write(key, cmsgpack.pack(state), life)
      end
    end
`;
export const WINDOW_ADJUST_WIDTH = 5;
