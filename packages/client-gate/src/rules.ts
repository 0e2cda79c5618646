import { type AddressRanges, createRanges, parseRanges } from "./address-ranges.ts";
import type { Client } from "./client.ts";
import { matchesProduct, type ProductPattern, parsePattern } from "./products.ts";
import { type HeaderTest, matchesHeader, parseHeaderTests } from "./request-headers.ts";
import type { ClientCheck, ClientConditions } from "./types.ts";

/** What a rule does with whom it is about. */
export type Effect = "allow" | "refuse";

/** Whom a rule is about, compiled; what it does not ask about is `undefined`. */
export interface Conditions {
  readonly products: false | readonly ProductPattern[] | undefined;
  readonly ranges: AddressRanges | undefined;
  readonly headers: readonly HeaderTest[] | undefined;
  readonly when: ClientCheck | undefined;
}

/** Why a rule cannot be used: which of its parts, what to write instead, and where in it. */
export type ConditionFault = (part: keyof ClientConditions, fix: string, index?: number) => never;

/** Compiles the conditions of a rule. */
export function compileConditions(given: ClientConditions, refuse: ConditionFault): Conditions {
  const { userAgent, address, requestHeaders, when } = given;
  if (when !== undefined && typeof when !== "function") {
    refuse("when", "Give a function of the request that returns true or false.");
  }
  return {
    products: userAgent === undefined ? undefined : readProducts(userAgent, refuse),
    ranges: address === undefined ? undefined : readRanges(address, refuse),
    headers: requestHeaders === undefined ? undefined : readHeaders(requestHeaders, refuse),
    when,
  };
}

function readProducts(
  given: Exclude<ClientConditions["userAgent"], undefined>,
  refuse: ConditionFault,
): Conditions["products"] {
  if (given === false) return false;
  const patterns = listOf(given);
  if (patterns.length === 0) refuse("userAgent", "Name a product at least, or give false.");
  return patterns.map((pattern, index) =>
    parsePattern(pattern, (fix) => refuse("userAgent", fix, index)),
  );
}

function readRanges(given: unknown, refuse: ConditionFault): AddressRanges {
  const texts = listOf(given);
  if (texts.length === 0) refuse("address", "Name an address at least.");
  return createRanges(
    texts.flatMap((text, index) => {
      if (typeof text !== "string") return refuse("address", "Give strings.", index);
      return parseRanges(text, (fix) => refuse("address", fix, index));
    }),
  );
}

function readHeaders(given: unknown, refuse: ConditionFault): readonly HeaderTest[] {
  const isRecord = typeof given === "object" && given !== null && !Array.isArray(given);
  if (!isRecord || Object.keys(given).length === 0) {
    return refuse("requestHeaders", 'Give names with what they must be: { "x-beta": true }.');
  }
  return parseHeaderTests(given as Record<string, never>, (name, why) =>
    refuse("requestHeaders", `${JSON.stringify(name)} ${why}.`),
  );
}

function listOf<Item>(given: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(given) ? [...given] : [given as Item];
}

/**
 * Tells whether a client is one that the conditions are about, but for their function. An address that cannot be
 * read is on every list that refuses and on none that lets in.
 */
export function matchesClient(
  { products, ranges, headers }: Conditions,
  client: Client,
  effect: Effect,
): boolean {
  if (ranges !== undefined) {
    const address = client.address();
    if (address === undefined ? effect === "allow" : !ranges.has(address)) return false;
  }
  if (products === false) {
    if (client.hasUserAgent()) return false;
  } else if (products !== undefined) {
    const named = client.products();
    if (!products.some((pattern) => named.some((it) => matchesProduct(pattern, it)))) return false;
  }
  return headers?.every((test) => matchesHeader(test, client.header(test.name), effect)) ?? true;
}
