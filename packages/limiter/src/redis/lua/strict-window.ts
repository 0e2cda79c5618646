import type { Fragment } from "./fragment.ts";

/**
 * The same arithmetic as `algorithms/strict-window.ts`. The state is packed: the number of the newest
 * bucket, then the counts, newest first, without the empty ones at the end.
 *
 * Arguments: cost limit bucketUs buckets.
 */
export const STRICT_WINDOW: Fragment = {
  width: 4,
  weigh: ({ number: i, mode, key, argument }) => `
  local cost, limit = tonumber(${argument(0)}), tonumber(${argument(1)})
  local length, buckets = tonumber(${argument(2)}), tonumber(${argument(3)})
  local state = readWindow(call('GET', ${key}))
  local newest = state[1]
  local current = max(floor(now / length), newest)
  local shift = current - newest
  local total, used = 0, -1
  for k = 0, buckets - shift do
    local count = state[k + 2]
    if not count then break end
    total = total + count
    if count > 0 and used == -1 then used = k end
  end
  ok${i} = total + cost <= limit
  left${i} = max(0, limit - total)
  taken${i} = cost
  if used ~= -1 then reset${i} = (newest - used + buckets + 1) * length - now end
  later${i} = reset${i}
  if cost > 0 then later${i} = (current + buckets + 1) * length - now end
  if not ok${i} then
    local missing, k = total + cost - limit, buckets - shift + 1
    while missing > 0 and k > 0 do
      k = k - 1
      missing = missing - (state[k + 2] or 0)
    end
    retry${i} = (newest - k + buckets + 1) * length - now
  elseif cost > 0 then
    ${mode === "reserve" ? `a${i} = current` : ""}
    value${i} = cmsgpack.pack(charged(state, current, buckets, cost))
  end`,
  write: ({ number: i, key }) =>
    `if value${i} then call('SET', ${key}, value${i}, 'PX', floor(later${i} / 1000) + 1) end`,
  shared: `
local function readWindow(raw)
  if not raw then return { 0 } end
  local state = cmsgpack.unpack(raw)
  if type(state) ~= 'table' or type(state[1]) ~= 'number' then
    error('a window counter holds something else')
  end
  return state
end
local function charged(state, current, buckets, amount)
  local shift = current - state[1]
  if shift == 0 then
    state[2] = (state[2] or 0) + amount
    return state
  end
  local fresh, last = { current, amount }, 2
  for k = shift, buckets do
    local count = state[k - shift + 2]
    if not count then break end
    fresh[k + 2] = count
    if count > 0 then last = k + 2 end
  end
  for k = 3, last do fresh[k] = fresh[k] or 0 end
  for k = buckets + 2, last + 1, -1 do fresh[k] = nil end
  return fresh
end
`,
};

/** How many arguments a correction has. */
export const WINDOW_ADJUST_WIDTH = 5;

/** Arguments: kind delta bucket bucketUs buckets. */
export const WINDOW_ADJUST = `
    local bucket, length, buckets = tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5])
    local state = readWindow(call('GET', key))
    local current = max(floor(now / length), state[1])
    local life = (current + buckets + 1) * length - now
    if delta > 0 then
      write(key, cmsgpack.pack(charged(state, current, buckets, delta)), life)
    else
      local k = state[1] - bucket
      local count = k >= 0 and state[k + 2]
      if count and count > 0 then
        state[k + 2] = max(0, count + delta)
        write(key, cmsgpack.pack(state), life)
      end
    end
`;
