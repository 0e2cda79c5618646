import { createHash } from "node:crypto";

/** A Lua script that runs on the server, made by {@link defineScript}. */
export interface RedisScript<Reply> {
  readonly name: string;
  readonly source: string;
  readonly sha1: string;
  readonly read: Read<Reply>;
}

/** Turns what a script has returned into what its caller gets: the first of its values, its clock, and all. */
type Read<Reply> = (value: unknown, nowUs: number, values: readonly unknown[]) => Reply;

/**
 * Every script first asks the server's clock whether its caller is still waiting. Whatever kept it
 * (a frozen server, a full buffer, a redirection), a script that comes late does nothing, and so a
 * caller that was told "no answer in time" will not find it counted afterwards.
 *
 * An answer begins with that clock, negative where nothing was done.
 */
const PREAMBLE: string = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if now > ARGV[#ARGV] + 0 then return { -now } end
`;

/**
 * Defines a script. In its body `now` is the server's clock in microseconds, and `KEYS` and `ARGV`
 * are as ever (`ARGV` has one element more, the deadline). What the body returns reaches `read`,
 * together with that clock.
 *
 * A body may return several values, `return 1, 2, 3`, and `read` gets them all: they cost the server less
 * than a table.
 *
 * Numbers in replies lose their fraction, `nil` ends an array, and `tostring` of microseconds loses
 * them: format with `string.format('%.0f', x)`.
 *
 * @example
 * ```ts
 * const increment = defineScript({
 *   name: "increment",
 *   lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])",
 *   read: Number,
 * });
 * ```
 */
export function defineScript<Reply>(definition: {
  readonly name: string;
  readonly lua: string;
  readonly read: Read<Reply>;
}): RedisScript<Reply> {
  const { name, lua, read } = definition;
  const source = `-- ${name}${PREAMBLE}local function main()\n${lua}\nend\nreturn { now, main() }\n`;
  return Object.freeze({
    name,
    source,
    sha1: createHash("sha1").update(source).digest("hex"),
    read,
  });
}
