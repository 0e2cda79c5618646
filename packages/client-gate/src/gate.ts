import { isThenable } from "@enfilade/layer";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Client, clientOf } from "./client.ts";
import { CLIENT_GATE_INVALID_VERDICT } from "./errors.ts";
import { type Answer, sendAnswer } from "./refusals.ts";
import { type Conditions, type Effect, matchesClient } from "./rules.ts";

/** One rule, compiled. */
export interface Rule {
  readonly name: string;
  readonly effect: Effect;
  readonly conditions: Conditions;
  /** What a client is told that the rule refuses. */
  readonly answer: Answer | undefined;
  readonly dryRun: boolean;
}

type MaybePromise<Value> = Value | Promise<Value>;

/** Lets a request through, or refuses it, as the first rule says that is about its client. */
export function passGate(
  rules: readonly Rule[],
  request: FastifyRequest,
  reply: FastifyReply,
): MaybePromise<FastifyReply | undefined> {
  const found = findRule({ rules, client: clientOf(request), dry: undefined }, 0);
  return found instanceof Promise
    ? found.then((rule) => obey(rule, request, reply))
    : obey(found, request, reply);
}

function obey(
  rule: Rule | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | undefined {
  return rule?.answer && sendAnswer(rule.answer, rule.name, request, reply);
}

interface Passage {
  readonly rules: readonly Rule[];
  readonly client: Client;
  /** The rule that was logged because it would have refused: one request is refused once. */
  dry: Rule | undefined;
}

/** Finds the rule that decides. Asks one after the other, and waits only where a function makes it wait. */
function findRule(passage: Passage, from: number): MaybePromise<Rule | undefined> {
  for (let index = from; index < passage.rules.length; index += 1) {
    const rule = passage.rules[index];
    if (rule === undefined || (rule.dryRun && passage.dry !== undefined)) continue;
    const met = isAbout(rule, passage.client);
    if (met instanceof Promise) {
      return met.then((later) =>
        later && decides(rule, passage) ? rule : findRule(passage, index + 1),
      );
    }
    if (met && decides(rule, passage)) return rule;
  }
  return undefined;
}

function isAbout(rule: Rule, client: Client): MaybePromise<boolean> {
  if (!matchesClient(rule.conditions, client, rule.effect)) return false;
  if (rule.conditions.when === undefined) return true;
  if (!rule.dryRun) return ask(rule, client);
  const giveUp = (error: unknown): boolean => {
    client.request.log.error({ err: error, rule: rule.name }, "client gate: a dry run failed");
    return false;
  };
  try {
    const verdict = ask(rule, client);
    return verdict instanceof Promise ? verdict.catch(giveUp) : verdict;
  } catch (error) {
    return giveUp(error);
  }
}

function ask({ name, conditions: { when } }: Rule, { request }: Client): MaybePromise<boolean> {
  const verdict: unknown = when?.(request);
  return isThenable(verdict)
    ? Promise.resolve(verdict).then((later) => check(name, later))
    : check(name, verdict);
}

// Truthy is not true: a function that forgets to return would let everybody in, or nobody.
function check(rule: string, verdict: unknown): boolean {
  if (typeof verdict === "boolean") return verdict;
  throw new CLIENT_GATE_INVALID_VERDICT(rule, verdict === null ? "null" : typeof verdict);
}

/** Tells whether a rule that is about the client decides; one that only logs does not. */
function decides(rule: Rule, passage: Passage): boolean {
  if (!rule.dryRun) return true;
  passage.dry = rule;
  passage.client.request.log.warn(
    { rule: rule.name, status: rule.answer?.status },
    "client gate: would have refused",
  );
  return false;
}
