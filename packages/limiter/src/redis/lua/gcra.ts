import type { Fragment, Place } from "./fragment.ts";

const weigh = (
  { number: i, mode, key, argument }: Place,
  [stepRest, scale, toleranceRest]: readonly [string, string, string],
) => `
  local cost, stepWhole, tolWhole = tonumber(${argument(0)}), tonumber(${argument(1)}), tonumber(${argument(2)})
  local stepRest, scale, tolRest = ${stepRest}, ${scale}, ${toleranceRest}
  local raw = call('GET', ${key})
  local whole, rest, refunded, birth = 0, 0, 0, 0
  if raw then
    whole = tonumber(raw)
    if not whole then whole, rest, refunded, birth = readGcra(raw) end
  end
  local ahead, aheadRest = 0, 0
  if whole >= now then
    ahead = whole - now
    aheadRest = min(rest, scale - 1)
  else
    refunded, birth = 0, 0
  end
  local product = cost * stepRest
  local next, nextRest = ahead + cost * stepWhole + floor(product / scale), aheadRest + product % scale
  if nextRest >= scale then
    nextRest = nextRest - scale
    next = next + 1
  end
  ok${i} = next < tolWhole or (next == tolWhole and nextRest <= tolRest)
  local free = (tolWhole - ahead) * scale + tolRest - aheadRest
  if free > 0 then left${i} = floor(free / (stepWhole * scale + stepRest)) end
  taken${i} = cost
  reset${i}, later${i} = ahead, next
  if aheadRest > 0 then reset${i} = ahead + 1 end
  if nextRest > 0 then later${i} = next + 1 end
  if not ok${i} then
    retry${i} = next - tolWhole
    if nextRest > tolRest then retry${i} = retry${i} + 1 end
  elseif cost > 0 then${
    mode === "reserve"
      ? `
    if birth == 0 then birth = now end
    a${i}, b${i}, c${i} = now + next, refunded, birth`
      : ""
  }
    value${i} = gcraValue(now + next, nextRest, refunded, birth)
  end`;

const write = ({ number: i, key }: Place) =>
  `if value${i} then call('SET', ${key}, value${i}, 'PX', floor(later${i} / 1000) + 1) end`;

const SHARED = `
local function readGcra(raw)
  local whole, rest, refunded, birth = string.match(raw, '^(%d+):(%d+):(%d+):(%d+)$')
  if not whole then error('a gcra counter holds something else') end
  return tonumber(whole), tonumber(rest), tonumber(refunded), tonumber(birth)
end
local function gcraValue(whole, rest, refunded, birth)
  if rest == 0 and birth == 0 then return format('%.0f', whole) end
  return format('%.0f:%.0f:%.0f:%.0f', whole, rest, refunded, birth)
end
`;

/**
 * The same arithmetic as `algorithms/gcra.ts`. The state is the TAT alone where there is neither a
 * fraction nor a position to keep, and else `whole:rest:refunded:birth`.
 *
 * Arguments: cost stepWhole toleranceWhole stepRest scale toleranceRest.
 */
export const GCRA: Fragment = gcraFragment(6, (argument) => [
  `tonumber(${argument(3)})`,
  `tonumber(${argument(4)})`,
  `tonumber(${argument(5)})`,
]);

/** The same where a unit takes whole microseconds, as most do: without the last three arguments. */
export const WHOLE_GCRA: Fragment = gcraFragment(3, () => ["0", "1", "0"]);

function gcraFragment(
  width: number,
  fraction: (argument: Place["argument"]) => readonly [string, string, string],
): Fragment {
  return { width, weigh: (place) => weigh(place, fraction(place.argument)), write, shared: SHARED };
}

/** How many arguments a correction has. */
export const GCRA_ADJUST_WIDTH = 8;

/** Arguments: kind delta end refunded birth stepWhole stepRest scale. */
export const GCRA_ADJUST = `
    local endThen, refundedThen, birthThen = tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5])
    local stepWhole, stepRest, scale = tonumber(ARGV[a + 6]), tonumber(ARGV[a + 7]), tonumber(ARGV[a + 8])
    local raw = call('GET', key)
    local whole, rest, refunded, birth = 0, 0, 0, 0
    if raw then
      whole = tonumber(raw)
      if not whole then whole, rest, refunded, birth = readGcra(raw) end
    end
    rest = min(rest, scale - 1)
    local units = math.abs(delta)
    local byWhole = units * stepWhole + floor(units * stepRest / scale)
    local byRest = units * stepRest % scale
    local changed = true
    if delta > 0 then
      if whole < now then whole, rest, refunded, birth = now, 0, 0, 0 end
      whole = whole + byWhole
      rest = rest + byRest
      if rest >= scale then
        rest = rest - scale
        whole = whole + 1
      end
    else
      local moved = 0
      if birthThen ~= 0 then moved = refunded - refundedThen end
      local room = min(endThen - moved, whole) - now
      if (birthThen ~= 0 and birthThen ~= birth) or room <= 0 then
        changed = false
      else
        if byWhole >= room then
          byWhole = room
          byRest = 0
        end
        whole = whole - byWhole
        rest = rest - byRest
        if rest < 0 then
          rest = rest + scale
          whole = whole - 1
        end
        refunded = refunded + byWhole
        if byRest > 0 then refunded = refunded + 1 end
      end
    end
    if changed then write(key, gcraValue(whole, rest, refunded, birth), whole - now + 1) end
`;
