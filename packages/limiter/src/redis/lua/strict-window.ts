import { type Fragment, setLua } from "./fragment.ts";

/** What a counter holds, into `state`. */
const READ = `
    state = parse(raw)
    if type(state) ~= 'table' or type(state[1]) ~= 'number' then
      error('a window counter holds something else')
    end`;

/** Charges the current bucket: makes of `state` the one to be written. */
const charge = (amount: string) => `
    if current == state[1] then
      state[2] = (state[2] or 0) + ${amount}
    else
      local shift, fresh, last = current - state[1], { current, ${amount} }, 2
      for k = shift, buckets do
        local count = state[k - shift + 2]
        if not count then break end
        fresh[k + 2] = count
        if count > 0 then last = k + 2 end
      end
      for k = 3, last do fresh[k] = fresh[k] or 0 end
      for k = buckets + 2, last + 1, -1 do fresh[k] = nil end
      state = fresh
    end`;

/**
 * The same arithmetic as `algorithms/strict-window.ts`. The state is packed: the number of the newest
 * bucket, then the counts, newest first, without the empty ones at the end.
 *
 * Arguments: cost limit bucketUs buckets.
 */
export const STRICT_WINDOW: Fragment = {
  width: 4,
  weigh: ({ number: i, mode, key, argument }) => `
  local cost, limit = ${argument(0)} + 0, ${argument(1)} + 0
  local length, buckets = ${argument(2)} + 0, ${argument(3)} + 0
  local state
  local raw = call('GET', ${key})
  if raw then${READ}
  else
    state = { 0 }
  end
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
    ${mode === "reserve" ? `a${i} = current` : ""}${charge("cost")}
    value${i} = pack(state)
  end`,
  write: setLua,
};

/** How many arguments a correction has. */
export const WINDOW_ADJUST_WIDTH = 5;

export const WINDOW_READ: string = `
local function readWindow(raw)
  local state
${READ}
  return state
end
`;

/** Arguments: kind delta bucket bucketUs buckets. */
export const WINDOW_ADJUST: string = `
    local bucket, length, buckets = number(ARGV[a + 3]), number(ARGV[a + 4]), number(ARGV[a + 5])
    local raw = call('GET', key)
    local state = raw and readWindow(raw) or { 0 }
    local current = max(floor(now / length), state[1])
    local life = (current + buckets + 1) * length - now
    if delta > 0 then${charge("delta")}
      write(key, pack(state), life)
    else
      local k = state[1] - bucket
      local count = k >= 0 and state[k + 2]
      if count and count > 0 then
        state[k + 2] = max(0, count + delta)
        write(key, pack(state), life)
      end
    end
`;
