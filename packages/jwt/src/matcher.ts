/** What a claim must be: a text, or a pattern that matches the whole of it. */
export type Expected = string | RegExp | readonly (string | RegExp)[];

/**
 * Prepares what a claim is held against. A pattern matches in full and has no memory: with `g` or `y` it
 * would go on where it stopped, and refuse every other time.
 */
export function createMatchers(expected: Expected): readonly (string | RegExp)[] {
  return [expected].flat().map((one) => {
    if (typeof one === "string") return one;
    return new RegExp(`^(?:${one.source})$`, one.flags.replaceAll(/[gym]/g, ""));
  });
}

/** Tells whether a value is one of those expected. */
export function matches(matchers: readonly (string | RegExp)[], value: unknown): boolean {
  return (
    typeof value === "string" &&
    matchers.some((one) => (typeof one === "string" ? one === value : one.test(value)))
  );
}
