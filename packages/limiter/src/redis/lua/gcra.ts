import { type Fragment, notAMomentLua, type Place, setLua } from "./fragment.ts";

/** Reads what a counter holds; the last three may be missing. */
const READ = `
    local whole, restThen, refundedThen, birthThen = parse(raw)
    if ${notAMomentLua("whole")} then error('a gcra counter holds something else') end`;

/** What a counter is to hold. */
const packed = (whole: string, rest: string) =>
  `${rest} == 0 and birth == 0 and pack(${whole}) or pack(${whole}, ${rest}, refunded, birth)`;

/** Keeps exact fractions of microseconds. */
const exactly = ({ number: i, argument }: Place) => `
  local stepRest, scale, tolRest = ${argument(3)} + 0, ${argument(4)} + 0, ${argument(5)} + 0
  local aheadRest = min(rest, scale - 1)
  local product = cost * stepRest
  local next, nextRest = ahead + cost * stepWhole + floor(product / scale), aheadRest + product % scale
  if nextRest >= scale then
    nextRest = nextRest - scale
    next = next + 1
  end
  ok${i} = next < tolWhole or (next == tolWhole and nextRest <= tolRest)
  local free = (tolWhole - ahead) * scale + tolRest - aheadRest
  if free > 0 then left${i} = floor(free / (stepWhole * scale + stepRest)) end
  reset${i}, later${i} = ahead, next
  if aheadRest > 0 then reset${i} = ahead + 1 end
  if nextRest > 0 then later${i} = next + 1 end
  if not ok${i} then
    retry${i} = next - tolWhole
    if nextRest > tolRest then retry${i} = retry${i} + 1 end
  end`;

/** The same where there are none. */
const wholly = ({ number: i }: Place) => `
  local next, nextRest = ahead + cost * stepWhole, 0
  ok${i} = next <= tolWhole
  local free = tolWhole - ahead
  if free > 0 then left${i} = (free - free % stepWhole) / stepWhole end
  reset${i}, later${i} = ahead, next
  if not ok${i} then retry${i} = next - tolWhole end`;

const gcraFragment = (width: number, arithmetic: (place: Place) => string): Fragment => ({
  width,
  weigh: (place) => {
    const { number: i, mode, key, argument } = place;
    return `
  local cost, stepWhole, tolWhole = ${argument(0)} + 0, ${argument(1)} + 0, ${argument(2)} + 0
  local ahead, rest, refunded, birth = 0, 0, 0, 0
  local raw = call('GET', ${key})
  if raw then${READ}
    if whole >= now then
      ahead, rest, refunded, birth = whole - now, restThen or 0, refundedThen or 0, birthThen or 0
    end
  end${arithmetic(place)}
  taken${i} = cost
  if ok${i} and cost > 0 then
    local at = now + next${
      mode === "reserve"
        ? `
    if birth == 0 then birth = now end
    a${i}, b${i}, c${i} = at, refunded, birth`
        : ""
    }
    value${i} = ${packed("at", "nextRest")}
  end`;
  },
  write: setLua,
});

/**
 * The same arithmetic as `algorithms/gcra.ts`. The state is packed: the TAT alone where there is neither a
 * fraction nor a position to keep, and else all of `whole rest refunded birth`.
 *
 * Arguments: cost stepWhole toleranceWhole stepRest scale toleranceRest.
 */
export const GCRA: Fragment = gcraFragment(6, exactly);

/** The same where a unit takes whole microseconds, as most do: without the last three arguments. */
export const WHOLE_GCRA: Fragment = gcraFragment(3, wholly);

/** How many arguments a correction has. */
export const GCRA_ADJUST_WIDTH = 8;

export const GCRA_READ: string = `
local function readGcra(raw)${READ}
  return whole, restThen or 0, refundedThen or 0, birthThen or 0
end
`;

/** Arguments: kind delta end refunded birth stepWhole stepRest scale. */
export const GCRA_ADJUST: string = `
    local endThen, refundedThen, birthThen = number(ARGV[a + 3]), number(ARGV[a + 4]), number(ARGV[a + 5])
    local stepWhole, stepRest, scale = number(ARGV[a + 6]), number(ARGV[a + 7]), number(ARGV[a + 8])
    local whole, rest, refunded, birth = 0, 0, 0, 0
    local raw = call('GET', key)
    if raw then whole, rest, refunded, birth = readGcra(raw) end
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
    if changed then write(key, ${packed("whole", "rest")}, whole - now + 1) end
`;
