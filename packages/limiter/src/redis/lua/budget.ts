import type { Fragment } from "./fragment.ts";

/**
 * The same arithmetic as `algorithms/budget.ts`. The state is `start:spent`. The server knows no time
 * zones: it is told the calendar window and the next one, and says so (`-1`) where its clock is in
 * neither.
 *
 * Arguments: cost limit start end next.
 */
export const BUDGET: Fragment = {
  width: 5,
  weigh: ({ number: i, mode, key, argument }) => `
  local cost, limit = tonumber(${argument(0)}), tonumber(${argument(1)})
  local start, over, after = tonumber(${argument(2)}), tonumber(${argument(3)}), tonumber(${argument(4)})
  if now < start or now >= after then return { -1 } end
  local since, spent = readBudget(call('GET', ${key}))
  if now >= over or since >= over then start, over = over, after end
  if since < start then spent = 0 end
  ok${i} = spent + cost <= limit
  left${i} = max(0, limit - spent)
  taken${i} = cost
  if spent > 0 then reset${i} = over - now end
  if spent + cost > 0 then later${i} = over - now end
  if not ok${i} then
    retry${i} = over - now
  elseif cost > 0 then
    ${mode === "reserve" ? `a${i} = start` : ""}
    value${i} = format('%.0f:%.0f', start, spent + cost)
  end`,
  write: ({ number: i, key }) =>
    `if value${i} then call('SET', ${key}, value${i}, 'PX', floor(later${i} / 1000) + 1) end`,
  shared: `
local function readBudget(raw)
  if not raw then return 0, 0 end
  local start, spent = string.match(raw, '^(%d+):(%d+)$')
  if not start then error('a budget counter holds something else') end
  return tonumber(start), tonumber(spent)
end
`,
};

/** How many arguments a correction has. */
export const BUDGET_ADJUST_WIDTH = 6;

/** Arguments: kind, delta, start of the window charged, then start end next as above. */
export const BUDGET_ADJUST = `
    local charged = tonumber(ARGV[a + 3])
    local start, over, after = tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5]), tonumber(ARGV[a + 6])
    local since, spent = readBudget(call('GET', key))
    if now >= over or since >= over then start, over = over, after end
    if delta > 0 then
      if since < start then spent = 0 end
      write(key, format('%.0f:%.0f', start, spent + delta), over - now)
    elseif since == charged then
      write(key, format('%.0f:%.0f', since, max(0, spent + delta)), over - now)
    end
`;
