import type { Principal } from "@enfilade/auth";
import { addressKey } from "@enfilade/limiter/http";
import type { FastifyRequest } from "fastify";
import { QUOTA_INVALID_KEY } from "./errors.ts";
import type { Caller } from "./types.ts";

/** What callers are told apart by, in words. */
export type CallerPart = "principal" | "user" | "org" | "session" | "address" | "server";

/** Names a caller by itself; `undefined` for those whom the policy does not concern. */
export type CallerKey = (request: FastifyRequest) => string | undefined;

/** One counter of a policy. */
export interface Counter {
  readonly key: string;
  /** Counters of one partition are decided in one step, also in Redis. */
  readonly partition: string;
}

/**
 * Who is not known by the one is counted by the next: a principal without an organisation is an organisation of
 * its own, a caller without a principal an address. Nobody is counted nowhere.
 */
const NEXT: Readonly<Record<Exclude<CallerPart, "server">, readonly (keyof Caller)[]>> = {
  principal: ["principal", "address"],
  user: ["user", "principal", "address"],
  org: ["org", "user", "principal", "address"],
  session: ["session", "principal", "address"],
  address: ["address"],
};

export const CALLER_PARTS: readonly CallerPart[] = [
  "principal",
  "user",
  "org",
  "session",
  "address",
  "server",
];

/** Finds out who is calling. */
export function callerOf(request: FastifyRequest, orgClaim: string): Caller {
  const address = addressKey(request.ip);
  const principal: Principal | null | undefined = request.principal;
  if (principal === null || principal === undefined) return { address };
  const claim: unknown = principal.claims[orgClaim];
  const org = Number.isSafeInteger(claim) ? String(claim) : claim;
  return {
    address,
    principal: `${principal.kind}:${principal.id}`,
    ...(isFilled(principal.userId) && { user: principal.userId }),
    ...(isFilled(org) && { org }),
    ...(isFilled(principal.sessionId) && { session: principal.sessionId }),
  };
}

/**
 * Gives the counter of a caller. The first part is the partition: what is counted by an organisation, and by
 * the users in it, lies together.
 *
 * @throws `QUOTA_INVALID_KEY`
 */
export function counterOf(
  parts: readonly (CallerPart | CallerKey)[],
  caller: Caller,
  request: FastifyRequest | undefined,
): Counter | undefined {
  const words: string[] = [];
  for (const part of parts) {
    const word = wordOf(part, caller, request);
    if (word === undefined) return undefined;
    words.push(word);
  }
  return { key: words.join("/"), partition: words[0] ?? "" };
}

function wordOf(
  part: CallerPart | CallerKey,
  caller: Caller,
  request: FastifyRequest | undefined,
): string | undefined {
  if (part === "server") return part;
  if (typeof part === "function") {
    const own: unknown = request === undefined ? caller.custom : part(request);
    if (own === undefined) return undefined;
    // Whoever got no key by a missing header, or by a promise, would be counted nowhere.
    if (!isFilled(own)) throw new QUOTA_INVALID_KEY(own === "" ? "an empty string" : typeof own);
    return spelled("custom", own);
  }
  for (const word of NEXT[part]) {
    const value = caller[word];
    if (isFilled(value)) return spelled(word, value);
  }
  return undefined;
}

/** No value can spell another one's key: what would end it is written in another way. */
function spelled(word: string, value: string): string {
  return `${word}:${/[/%]/.test(value) ? value.replaceAll(/[/%]/g, encodeURIComponent) : value}`;
}

function isFilled(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
