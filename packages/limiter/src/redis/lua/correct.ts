import type { PolicyKind } from "../../policies/policy.ts";
import { BUDGET_ADJUST, BUDGET_ADJUST_WIDTH, BUDGET_READ } from "./budget.ts";
import { FRAGMENTS, LETTERS, withAliases } from "./decide.ts";
import { GCRA_ADJUST, GCRA_ADJUST_WIDTH, GCRA_READ } from "./gcra.ts";
import { WINDOW_ADJUST, WINDOW_ADJUST_WIDTH, WINDOW_READ } from "./strict-window.ts";

interface Adjusted {
  readonly kind: PolicyKind;
  /** The function that reads a counter, and its Lua. */
  readonly read: string;
  readonly readLua: string;
  readonly adjust: string;
  readonly width: number;
}

/** Kinds whose charges can be corrected; the slots of a lease stay what they are. */
const ADJUSTED: readonly Adjusted[] = [
  {
    kind: "gcra",
    read: "readGcra",
    readLua: GCRA_READ,
    adjust: GCRA_ADJUST,
    width: GCRA_ADJUST_WIDTH,
  },
  {
    kind: "strict-window",
    read: "readWindow",
    readLua: WINDOW_READ,
    adjust: WINDOW_ADJUST,
    width: WINDOW_ADJUST_WIDTH,
  },
  {
    kind: "budget",
    read: "readBudget",
    readLua: BUDGET_READ,
    adjust: BUDGET_ADJUST,
    width: BUDGET_ADJUST_WIDTH,
  },
];

/**
 * Refunds and debts, one after the other; each counter is charged or refunded for itself.
 *
 * A counter that holds something else is passed over: were it an error, everything before it in the
 * batch would be repeated for ever.
 */
export const ADJUST_LUA: string = withAliases(`local function write(key, value, life)
  call('SET', key, value, 'PX', max(1, floor(life / 1000) + 1))
end
${ADJUSTED.map(({ readLua }) => readLua).join("")}
local function readable(read, key)
  local raw = redis.pcall('GET', key)
  if type(raw) == 'table' then return false end
  return not raw or (pcall(read, raw))
end
local a = 0
for i = 1, #KEYS do
  local key, kind, delta = KEYS[i], ARGV[a + 1], number(ARGV[a + 2])
  ${ADJUSTED.map(
    ({ kind, read, adjust, width }) => `if kind == '${LETTERS[kind]}' then
    if readable(${read}, key) then${adjust}
    end
    a = a + ${width}
  `,
  ).join("else")}else
    error('a policy of an unknown kind')
  end
end
return 1`);

/**
 * Prolongs leases, and takes them where they have gone: whoever renews is at work. Answers the numbers of
 * those whose place was taken in the meantime.
 */
export const RENEW_LUA: string = withAliases(`${FRAGMENTS.concurrency.shared ?? ""}
local crowded = {}
local live = format('(%.0f', now)
for i = 1, #KEYS do
  local a = 4 * i - 3
  local id, slots, ttlMs, limit = ARGV[a], number(ARGV[a + 1]), number(ARGV[a + 2]), number(ARGV[a + 3])
  local held = number(call('ZSCORE', KEYS[i], id) or 0)
  if held <= now and call('ZCOUNT', KEYS[i], live, '+inf') + slots > limit then
    crowded[#crowded + 1] = i
  end
  hold(KEYS[i], id, slots, held, ttlMs)
end
return crowded`);

/** Makes counters as good as new. */
export const FORGET_LUA = `for i = 1, #KEYS do redis.call('DEL', KEYS[i]) end
return 1`;

/** Gives leases back with all their slots; those that are gone already do no harm. */
export const RELEASE_LUA = `
for i = 1, #KEYS do
  local slot = 1
  redis.call('ZREM', KEYS[i], ARGV[i])
  repeat slot = slot + 1 until redis.call('ZREM', KEYS[i], ARGV[i] .. '#' .. slot) == 0
end
return 1`;
