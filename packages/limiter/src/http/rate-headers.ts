import type { Verdict } from "../types.ts";
import { legacyHeaders, openAiHeaders } from "./dialects.ts";
import { fieldInteger, type ToldPolicy, verdictOn } from "./told-policy.ts";

/**
 * How clients are told of their limits: `standard`, the fields of draft-ietf-httpapi-ratelimit-headers-10;
 * `legacy`, the `x-ratelimit-*` triple; `openai`, the same by requests and tokens.
 */
export type HeaderDialect = "standard" | "legacy" | "openai";

/** Every dialect, for options that choose some. */
export const HEADER_DIALECTS: readonly HeaderDialect[] = ["standard", "legacy", "openai"];

/** Header fields by their names in lower case. */
export type HeaderFields = Readonly<Record<string, string>>;

/** The part of a Fastify reply, or of anything else that has headers, that is needed here. */
export interface HeaderTarget {
  getHeader(name: string): unknown;
  header(name: string, value: string): unknown;
  removeHeader(name: string): unknown;
}

/**
 * Prepares the header fields of a set of policies; what does not depend on a decision is made once.
 *
 * Verdicts are matched by the names of policies. A policy without a verdict is named among the policies
 * only, and a verdict without a told policy is not told.
 *
 * @example
 * ```ts
 * const toHeaders = createRateHeaders([tellPolicy(perMinute)], ["standard"]);
 * putRateHeaders(reply, toHeaders(decision.verdicts));
 * ```
 */
export function createRateHeaders(
  policies: readonly ToldPolicy[],
  dialects: readonly HeaderDialect[] = ["standard"],
): (verdicts: readonly Verdict[]) => HeaderFields {
  const standard = dialects.includes("standard") && policies.length > 0;
  const others = dialects.flatMap((dialect) => {
    if (dialect === "legacy") return [legacyHeaders];
    return dialect === "openai" ? [openAiHeaders] : [];
  });
  const policyField = policies.map(({ item }) => item).join(", ");
  return (verdicts) => {
    const fields: Record<string, string> = {};
    if (standard) {
      fields["ratelimit-policy"] = policyField;
      const field = limitField(policies, verdicts);
      if (field !== "") fields.ratelimit = field;
    }
    for (const tell of others) tell(policies, verdicts, fields);
    return fields;
  };
}

/** What is left of each policy, and in how many seconds all of it is back. */
function limitField(policies: readonly ToldPolicy[], verdicts: readonly Verdict[]): string {
  let field = "";
  for (const { policy } of policies) {
    const verdict = verdictOn(policy.name, verdicts);
    if (verdict === undefined) continue;
    if (field !== "") field += ", ";
    field += `"${policy.name}";r=${fieldInteger(verdict.remaining)}`;
    // Slots come back when their holders give them, and not at a time that anybody knows.
    if (policy.kind !== "concurrency") field += `;t=${Math.ceil(verdict.resetMs / 1_000)}`;
  }
  return field;
}

/**
 * Puts header fields on a reply. The two standard fields are lists, of which every layer that limits has
 * its part: what is there already stays. Of all others the last one counts.
 */
export function putRateHeaders(reply: HeaderTarget, fields: HeaderFields): void {
  // Of three that belong together: another layer's wait is no answer to what never fits.
  if ("x-ratelimit-limit" in fields) reply.removeHeader("x-ratelimit-reset");
  for (const name in fields) {
    const own = fields[name];
    if (own !== undefined) reply.header(name, joined(reply, name, own));
  }
}

function joined(reply: HeaderTarget, name: string, own: string): string {
  if (name !== "ratelimit" && name !== "ratelimit-policy") return own;
  const before = reply.getHeader(name);
  return typeof before === "string" && before !== "" ? `${before}, ${own}` : own;
}
