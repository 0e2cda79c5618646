import type { Fragment } from "./fragment.ts";

/**
 * The same rules as `algorithms/leases.ts`. The state is a sorted set of slots by the moment they
 * expire; a lease of more than one slot is `id`, `id#2`, `id#3` …, which expire together. A renewal
 * keeps the slots that are held, whatever it was told.
 *
 * Arguments: cost limit ttlMs id.
 */
export const LEASES: Fragment = {
  width: 4,
  weigh: ({ number: i, mode, key, argument }) => `
  local cost, limit, ttlMs = ${argument(0)} + 0, ${argument(1)} + 0, ${argument(2)} + 0
  local live = format('(%.0f', now)
  local used = call('ZCOUNT', ${key}, live, '+inf')
  local held = number(call('ZSCORE', ${key}, ${argument(3)}) or 0)
  ok${i} = held > now or used + cost <= limit
  left${i} = max(0, limit - used)
  if held <= now then taken${i} = cost${mode === "reserve" ? ` else a${i} = 1` : ""} end
  if used > 0 then reset${i} = ttlMs * 1000 end
  later${i} = ttlMs * 1000
  if not ok${i} then
    local found = call('ZRANGEBYSCORE', ${key}, live, '+inf', 'WITHSCORES', 'LIMIT', used + cost - limit - 1, 1)
    retry${i} = max(0, number(found[2] or now) - now)
  elseif cost > 0 then
    value${i} = { cost, held, ttlMs }
  end`,
  write: ({ number: i, key, argument }) =>
    `if value${i} then hold(${key}, ${argument(3)}, unpack(value${i})) end`,
  shared: `
local function hold(key, id, slots, held, ttlMs)
  call('ZREMRANGEBYSCORE', key, '-inf', format('%.0f', now))
  if held > now then
    slots = 1
    while call('ZSCORE', key, id .. '#' .. (slots + 1)) do slots = slots + 1 end
  end
  local expires = format('%.0f', max(held, now + ttlMs * 1000))
  call('ZADD', key, expires, id)
  for slot = 2, slots do call('ZADD', key, expires, id .. '#' .. slot) end
  call('PEXPIRE', key, max(ttlMs, call('PTTL', key)))
end
`,
};
