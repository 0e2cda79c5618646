/**
 * The same arithmetic as `algorithms/budget.ts`. The state is `start:spent`. The server knows no time
 * zones: it is told the calendar window and the next one, and says so (`-1`) where its clock is in
 * neither.
 */
export const BUDGET_STATE = `
local function readBudget(raw)
  if not raw then return 0, 0 end
  local start, spent = string.match(raw, '^(%d+):(%d+)$')
  if not start then error('a budget counter holds something else') end
  return tonumber(start), tonumber(spent)
end
local function budgetValue(start, spent)
  return string.format('%.0f:%.0f', start, spent)
end
`;

/** Arguments after kind and cost: limit start end next. */
export const BUDGET_WEIGH = `
    local limit = tonumber(ARGV[a + 3])
    local first, second, third = tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5]), tonumber(ARGV[a + 6])
    a = a + 6
    if now < first or now >= third then return { -1 } end
    local since, spent = readBudget(redis.call('GET', key))
    local start, over = first, second
    if now >= second or since >= second then start, over = second, third end
    if since < start then spent = 0 end
    ok = spent + cost <= limit
    remaining = math.max(0, limit - spent)
    if spent > 0 then reset = over - now end
    if spent + cost > 0 then resetAfter = over - now end
    if cost > limit then
      retry = -1
    elseif not ok then
      retry = over - now
    end
    p1 = start
    if cost > 0 then
      values[i] = budgetValue(start, spent + cost)
      lives[i] = over - now
    end
`;

/** Arguments after kind and delta: start of the window charged, then start end next as above. */
export const BUDGET_ADJUST = `
    local charged = tonumber(ARGV[a + 3])
    local first, second, third = tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5]), tonumber(ARGV[a + 6])
    local since, spent = readBudget(redis.call('GET', key))
    local start, over = first, second
    if now >= second or since >= second then start, over = second, third end
    if delta > 0 then
      if since < start then spent = 0 end
      write(key, budgetValue(start, spent + delta), over - now)
    elseif since == charged then
      write(key, budgetValue(since, math.max(0, spent + delta)), over - now)
    end
`;
export const BUDGET_ADJUST_WIDTH = 6;
