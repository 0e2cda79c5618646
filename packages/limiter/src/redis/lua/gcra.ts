/**
 * The same arithmetic as `algorithms/gcra.ts`. The state is the TAT alone where there is neither a
 * fraction nor a position to keep, and else `whole:rest:refunded:birth`.
 */
export const GCRA_READ = `
local function readGcra(raw)
  if not raw then return 0, 0, 0, 0 end
  local whole = tonumber(raw)
  if whole then return whole, 0, 0, 0 end
  local w, r, f, b = string.match(raw, '^(%d+):(%d+):(%d+):(%d+)$')
  if not w then error('a gcra counter holds something else') end
  return tonumber(w), tonumber(r), tonumber(f), tonumber(b)
end
`;

export const GCRA_WRITE = `
local function gcraValue(whole, rest, refunded, birth)
  if rest == 0 and birth == 0 then return string.format('%.0f', whole) end
  return string.format('%.0f:%.0f:%.0f:%.0f', whole, rest, refunded, birth)
end
`;

/** Arguments after kind and cost: stepWhole stepRest scale toleranceWhole toleranceRest step burst. */
export const GCRA_WEIGH = `
    local stepWhole, stepRest, scale = tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5])
    local tolWhole, tolRest = tonumber(ARGV[a + 6]), tonumber(ARGV[a + 7])
    local step, burst = tonumber(ARGV[a + 8]), tonumber(ARGV[a + 9])
    a = a + 9
    local whole, rest, refunded, birth = readGcra(redis.call('GET', key))
    local aheadWhole, aheadRest = 0, 0
    if whole >= now then
      aheadWhole = whole - now
      aheadRest = math.min(rest, scale - 1)
    end
    local nextWhole = aheadWhole + cost * stepWhole + math.floor(cost * stepRest / scale)
    local nextRest = aheadRest + cost * stepRest % scale
    if nextRest >= scale then
      nextRest = nextRest - scale
      nextWhole = nextWhole + 1
    end
    ok = nextWhole < tolWhole or (nextWhole == tolWhole and nextRest <= tolRest)
    local free = (tolWhole - aheadWhole) * scale + tolRest - aheadRest
    if free > 0 then remaining = math.floor(free / step) end
    reset = aheadWhole + (aheadRest > 0 and 1 or 0)
    resetAfter = nextWhole + (nextRest > 0 and 1 or 0)
    if cost > burst then
      retry = -1
    elseif not ok then
      retry = nextWhole - tolWhole + (nextRest > tolRest and 1 or 0)
    end
    if cost > 0 then
      if mode == 'r' then
        if birth == 0 then
          birth = now
          refunded = 0
        end
        p1, p2, p3 = now + nextWhole, refunded, birth
      end
      values[i] = gcraValue(now + nextWhole, nextRest, refunded, birth)
      lives[i] = resetAfter
    end
`;

/** Arguments after kind and delta: end refunded birth stepWhole stepRest scale. */
export const GCRA_ADJUST = `
    local endThen, refundedThen, birthThen = tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5])
    local stepWhole, stepRest, scale = tonumber(ARGV[a + 6]), tonumber(ARGV[a + 7]), tonumber(ARGV[a + 8])
    local whole, rest, refunded, birth = readGcra(redis.call('GET', key))
    rest = math.min(rest, scale - 1)
    local units = math.abs(delta)
    local byWhole = units * stepWhole + math.floor(units * stepRest / scale)
    local byRest = units * stepRest % scale
    local changed = true
    if delta > 0 then
      if whole < now then
        whole = now
        rest = 0
      end
      whole = whole + byWhole
      rest = rest + byRest
      if rest >= scale then
        rest = rest - scale
        whole = whole + 1
      end
    else
      local moved = 0
      if birthThen ~= 0 then moved = refunded - refundedThen end
      local room = math.min(endThen - moved, whole) - now
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
        refunded = refunded + byWhole + (byRest > 0 and 1 or 0)
      end
    end
    if changed then write(key, gcraValue(whole, rest, refunded, birth), whole - now + 1) end
`;
export const GCRA_ADJUST_WIDTH = 8;
