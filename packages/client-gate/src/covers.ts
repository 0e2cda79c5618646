import type { Rule } from "./gate.ts";
import { coversPattern } from "./products.ts";
import { coversHeader } from "./request-headers.ts";
import type { Conditions } from "./rules.ts";

/**
 * Finds the rule that leaves nothing to another one: it is asked earlier, and about everybody whom the other is
 * about. Leaves aside what only garbage can tell apart: addresses that cannot be read, headers sent twice.
 */
export function coverOf(rule: Rule, earlier: readonly Rule[]): Rule | undefined {
  // What only logs decides nothing; but of two that only log, the first is logged.
  return earlier.find(
    (other) => (!other.dryRun || rule.dryRun) && covers(other.conditions, rule.conditions),
  );
}

function covers(outer: Conditions, inner: Conditions): boolean {
  return (
    coversProducts(outer.products, inner.products) &&
    (outer.ranges === undefined ||
      (inner.ranges !== undefined && outer.ranges.covers(inner.ranges))) &&
    coversHeaders(outer.headers, inner.headers) &&
    (outer.when === undefined || outer.when === inner.when)
  );
}

function coversProducts(outer: Conditions["products"], inner: Conditions["products"]): boolean {
  if (outer === undefined) return true;
  if (outer === false || inner === false || inner === undefined) return outer === inner;
  return inner.every((pattern) => outer.some((other) => coversPattern(other, pattern)));
}

function coversHeaders(outer: Conditions["headers"], inner: Conditions["headers"]): boolean {
  if (outer === undefined) return true;
  return outer.every((test) =>
    inner?.some((other) => other.name === test.name && coversHeader(test, other)),
  );
}
