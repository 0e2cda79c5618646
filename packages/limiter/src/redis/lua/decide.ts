import type { PolicyKind } from "../../policies/policy.ts";
import { BUDGET_STATE, BUDGET_WEIGH } from "./budget.ts";
import { GCRA_READ, GCRA_WEIGH, GCRA_WRITE } from "./gcra.ts";
import { LEASE_STATE, LEASE_WEIGH } from "./leases.ts";
import { WINDOW_STATE, WINDOW_WEIGH } from "./strict-window.ts";

/** One letter for each kind, in arguments and in the names of scripts. */
export const LETTERS: Readonly<Record<PolicyKind, string>> = {
  gcra: "g",
  "strict-window": "w",
  budget: "b",
  concurrency: "c",
};

const STATES: Readonly<Record<PolicyKind, string>> = {
  gcra: GCRA_READ + GCRA_WRITE,
  "strict-window": WINDOW_STATE,
  budget: BUDGET_STATE,
  concurrency: LEASE_STATE,
};

const WEIGHS: Readonly<Record<PolicyKind, string>> = {
  gcra: GCRA_WEIGH,
  "strict-window": WINDOW_WEIGH,
  budget: BUDGET_WEIGH,
  concurrency: LEASE_WEIGH,
};

/**
 * Assembles the script that decides charges of these kinds, and of no others: what a script does not
 * need costs time at every run.
 *
 * First every counter is read and weighed, then, only if all pass, every one is written. Nothing is
 * written before the last thing that can fail.
 *
 * Answers `{ pass, and for each charge: ok, remaining, retryAfter, reset }`, and in mode `r` three
 * more for its position; times in microseconds, all of them whole, because a reply drops fractions.
 */
export function decideLua(kinds: readonly PolicyKind[]): string {
  const branches = kinds.map((kind) => `kind == '${LETTERS[kind]}' then${WEIGHS[kind]}`);
  return `${kinds.map((kind) => STATES[kind]).join("")}
local mode = ARGV[1]
local a = 1
local pass = true
local reply, values, lives, holds, after, resets = { 1 }, {}, {}, {}, {}, {}
local width = mode == 'r' and 7 or 4
for i = 1, #KEYS do
  local key, kind, cost = KEYS[i], ARGV[a + 1], tonumber(ARGV[a + 2])
  local ok, remaining, retry, reset, resetAfter = false, 0, 0, 0, 0
  local takes, p1, p2, p3 = cost, 0, 0, 0
  if ${branches.join("  elseif ")}
  else
    error('a policy of an unknown kind')
  end
  pass = pass and ok
  after[i] = remaining - takes
  resets[i] = resetAfter
  local at = 1 + (i - 1) * width
  reply[at + 1] = ok and 1 or 0
  reply[at + 2] = remaining
  reply[at + 3] = ok and 0 or retry
  reply[at + 4] = reset
  if width == 7 then
    reply[at + 5] = p1
    reply[at + 6] = p2
    reply[at + 7] = p3
  end
end
if not pass then
  reply[1] = 0
  if mode ~= 'p' then
    for i = 1, #KEYS do
      if redis.call('PTTL', KEYS[i]) == -1 then
        redis.call('PEXPIRE', KEYS[i], math.max(1, math.ceil(reply[5 + (i - 1) * width] / 1000)))
      end
    end
  end
  return reply
end
for i = 1, #KEYS do
  local at = 1 + (i - 1) * width
  reply[at + 2] = after[i]
  reply[at + 4] = resets[i]
  if mode ~= 'p' then
    if values[i] then
      redis.call('SET', KEYS[i], values[i], 'PX', string.format('%.0f', math.max(1, math.ceil(lives[i] / 1000))))
    elseif holds[i] then
      hold(KEYS[i], unpack(holds[i]))
    end
  end
end
return reply`;
}
