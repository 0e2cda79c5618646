import { defineScript, type RedisScript } from "@enfilade/redis";
import { LIMITER_UNREADABLE_REPLY } from "../errors.ts";
import type { DecideMode, ResolvedCharge } from "../store.ts";
import { formOf } from "./arguments.ts";
import { ADJUST_LUA, FORGET_LUA, RELEASE_LUA, RENEW_LUA } from "./lua/correct.ts";
import { decideLua, type Form, LETTERS } from "./lua/decide.ts";

/** What the deciding script has answered. */
export interface DecideReply {
  readonly nowUs: number;
  readonly numbers: readonly number[];
}

/** Scripts by the forms that they decide, one after the other: finding one takes no text. */
interface Branch {
  script?: RedisScript<DecideReply>;
  readonly next: Partial<Record<Form, Branch>>;
}

const decideScripts: Record<DecideMode, Branch> = {
  charge: { next: {} },
  reserve: { next: {} },
  peek: { next: {} },
};

/**
 * The script that decides charges of these forms. They come sorted by form, so that there are no more
 * than 1,286 for each mode, of which an application uses a few. A server that has forgotten one, as Redis
 * 7.4 and later do with the oldest of more than 500, is told it again by the next call.
 */
export function decideScript(
  sorted: readonly ResolvedCharge[],
  mode: DecideMode,
): RedisScript<DecideReply> {
  let branch = decideScripts[mode];
  for (const { policy } of sorted) {
    const form = formOf(policy);
    branch = branch.next[form] ??= { next: {} };
  }
  branch.script ??= defineDecideScript(
    sorted.map(({ policy }) => formOf(policy)),
    mode,
  );
  return branch.script;
}

function defineDecideScript(forms: readonly Form[], mode: DecideMode): RedisScript<DecideReply> {
  return defineScript({
    name: `enfilade limiter ${mode} ${forms.map((form) => LETTERS[form]).join("")}`,
    lua: decideLua(forms, mode),
    read: (_, nowUs, values) => ({ nowUs, numbers: readNumbers(values) }),
  });
}

export const adjustScript: RedisScript<unknown> = define("adjust", ADJUST_LUA);
export const releaseScript: RedisScript<unknown> = define("release", RELEASE_LUA);
export const forgetScript: RedisScript<unknown> = define("forget", FORGET_LUA);
/** Answers the numbers, from 1, of the leases that found their place taken. */
export const renewScript: RedisScript<readonly number[]> = defineScript({
  name: "enfilade limiter renew",
  lua: RENEW_LUA,
  read: readNumbers,
});

function define(name: string, lua: string): RedisScript<unknown> {
  return defineScript({ name: `enfilade limiter ${name}`, lua, read: (reply) => reply });
}

function readNumbers(reply: unknown): readonly number[] {
  if (Array.isArray(reply) && reply.every((item) => typeof item === "number")) return reply;
  throw new LIMITER_UNREADABLE_REPLY(typeof reply);
}
