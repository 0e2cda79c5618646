import { type Fragment, notAMomentLua, setLua } from "./fragment.ts";

/** Reads what a counter holds, into `since, spent`. */
const READ = `
    since, spent = parse(raw)
    if ${notAMomentLua("since")} then error('a budget counter holds something else') end`;

/**
 * The same arithmetic as `algorithms/budget.ts`. The state is packed: `start spent`. The server knows no time
 * zones: it is told the calendar window and the next one, and says so (`-1`) where its clock is in
 * neither.
 *
 * Arguments: cost limit start end next.
 */
export const BUDGET: Fragment = {
  width: 5,
  weigh: ({ number: i, mode, key, argument }) => `
  local cost, limit = ${argument(0)} + 0, ${argument(1)} + 0
  local start, over, after = ${argument(2)} + 0, ${argument(3)} + 0, ${argument(4)} + 0
  if now < start or now >= after then return -1 end
  local since, spent = 0, 0
  local raw = call('GET', ${key})
  if raw then${READ}
  end
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
    value${i} = pack(start, spent + cost)
  end`,
  write: setLua,
};

/** How many arguments a correction has. */
export const BUDGET_ADJUST_WIDTH = 6;

export const BUDGET_READ: string = `
local function readBudget(raw)
  local since, spent
${READ}
  return since, spent
end
`;

/** Arguments: kind, delta, start of the window charged, then start end next as above. */
export const BUDGET_ADJUST: string = `
    local charged = number(ARGV[a + 3])
    local start, over, after = number(ARGV[a + 4]), number(ARGV[a + 5]), number(ARGV[a + 6])
    local since, spent = 0, 0
    local raw = call('GET', key)
    if raw then since, spent = readBudget(raw) end
    if now >= over or since >= over then start, over = over, after end
    if delta > 0 then
      if since < start then spent = 0 end
      write(key, pack(start, spent + delta), over - now)
    elseif since == charged then
      write(key, pack(since, max(0, spent + delta)), over - now)
    end
`;
