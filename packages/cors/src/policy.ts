import type { FastifyRequest } from "fastify";
import { type Answer, createAnswers } from "./answers.ts";
import { CORS_WILDCARD_CREDENTIALS } from "./errors.ts";
import { type CorsOptions, resolveOptions, type Settings } from "./options.ts";
import { findOpenPattern, isOpenFunction } from "./probe.ts";

/** What the answers of some routes say of CORS, worked out once. */
export interface Policy extends Settings {
  /** Whether it lets everybody in, whoever asks. */
  readonly open: boolean;
  readonly granted: Answer;
  readonly preflight: Answer;
  readonly denied: Answer;
  /** Judges an origin that came with a request. */
  decide(origin: string, request: FastifyRequest): boolean | Promise<boolean>;
  /** Whether a function of it, asked at boot, has let in by now what is nobody's. */
  isExposed(): boolean;
}

/**
 * Makes the policy of a registration or of a route. `report` is told, later, of a function that lets everybody use
 * credentials and took its time to say so.
 *
 * @throws `CORS_INVALID_OPTION`, `CORS_UNSAFE_PATTERN`, `CORS_WILDCARD_CREDENTIALS`
 */
export function createPolicy(
  options: CorsOptions,
  where: string,
  report: (error: Error) => void,
): Policy {
  const settings = resolveOptions(options, where);
  const { rules } = settings;
  const refusal = (why: string) => new CORS_WILDCARD_CREDENTIALS(where, why);
  const doubts = settings.credentials ? findOpenRules(settings, refusal) : [];
  let exposed = false;
  // Fail closed: until the functions have shown that they tell strangers from friends, nobody gets an answer.
  const trial = Promise.all(doubts).then((open) => {
    if (!open.includes(true)) return;
    exposed = true;
    report(refusal(OPEN_FUNCTION));
  });
  return {
    ...settings,
    ...createAnswers(settings),
    open: rules === undefined,
    decide(origin, request) {
      if (rules === undefined) return true;
      const verdict = rules.decide(origin, request);
      if (doubts.length === 0 || typeof verdict === "boolean") return verdict;
      return trial.then(() => !exposed && verdict);
    },
    isExposed: () => exposed,
  };
}

const OPEN_FUNCTION = "an origin function lets in an origin that is nobody's";

/** Refuses rules that let everybody in; gives the answers that are still to come. */
function findOpenRules(
  { rules }: Settings,
  refusal: (why: string) => Error,
): readonly Promise<boolean>[] {
  if (rules === undefined) throw refusal('origin is "*"');
  if (rules.listsNull) throw refusal('"null" is the origin of any page that wants it');
  const pattern = findOpenPattern(rules.patterns);
  if (pattern !== undefined) throw refusal(`${pattern} matches an origin that is nobody's`);
  const verdicts = rules.functions.map(isOpenFunction);
  if (verdicts.includes(true)) throw refusal(OPEN_FUNCTION);
  return verdicts.filter((verdict) => typeof verdict !== "boolean");
}
