import type { Decision } from "../types.ts";
import type { HeaderFields } from "./rate-headers.ts";

/** Longer waits are not worth a client's while: its SDK would sleep, and its user with it. */
const LONGEST_WAIT_MS = 60_000;

const TYPES = "https://iana.org/assignments/http-problem-types#";

/**
 * Why somebody is refused: `later`, there is nothing left of a policy for now; `never`, it costs more than
 * a policy ever admits; `busy`, the server has no room, whoever asks.
 */
export type RefusalKind = "later" | "never" | "busy";

/** What a client is told with a refusal. */
export interface Refusal {
  readonly kind: RefusalKind;
  /** 429 for `later`, 413 for `never`, 503 for `busy`. */
  readonly status: 413 | 429 | 503;
  /** `retry-after`, `retry-after-ms`, `x-should-retry`, as far as they say something. */
  readonly headers: HeaderFields;
  /**
   * The type of problem and its members (RFC 9457, draft-ietf-httpapi-ratelimit-headers-10, section 5); as
   * the `problem` of an error, `@enfilade/errors` puts them into the answer.
   */
  readonly problem: { readonly type: string; readonly "violated-policies": readonly string[] };
}

/** What of a refusal is not in its decision. */
export interface RefusalView {
  /** Which policies may be named; all of them by default. */
  readonly isTold?: (policy: string) => boolean;
  /** The server is at fault, not the caller. */
  readonly busy?: boolean;
}

/**
 * Makes what a client is told of a decision that did not admit it.
 *
 * @example
 * ```ts
 * const { status, headers, problem } = refusalOf(decision);
 * reply.code(status).headers(headers);
 * ```
 */
export function refusalOf(
  { verdicts, retryAfterMs }: Pick<Decision, "verdicts" | "retryAfterMs">,
  { isTold = () => true, busy = false }: RefusalView = {},
): Refusal {
  const violated = verdicts.flatMap(({ admitted, policy }) =>
    admitted || !isTold(policy) ? [] : [policy],
  );
  const never = retryAfterMs === Number.POSITIVE_INFINITY;
  const kind = never ? "never" : busy ? "busy" : "later";
  return {
    kind,
    status: STATUS[kind],
    headers: retryHeaders(retryAfterMs),
    problem: {
      type: `${TYPES}${busy && !never ? "temporary-reduced-capacity" : "quota-exceeded"}`,
      "violated-policies": violated,
    },
  };
}

const STATUS = { later: 429, never: 413, busy: 503 } as const;

/**
 * Tells when to come again, in every way that clients understand: `Retry-After` in whole seconds,
 * `retry-after-ms`, which SDKs of model providers prefer, and `x-should-retry: false`, which stops them,
 * where the wait is longer than a minute, or for ever.
 *
 * @param retryAfterMs - `Infinity` for never
 */
export function retryHeaders(retryAfterMs: number): HeaderFields {
  if (!Number.isFinite(retryAfterMs)) return { "x-should-retry": "false" };
  const ms = Math.max(1, Math.ceil(retryAfterMs));
  const fields = { "retry-after": String(Math.ceil(ms / 1_000)), "retry-after-ms": String(ms) };
  return ms > LONGEST_WAIT_MS ? { ...fields, "x-should-retry": "false" } : fields;
}
