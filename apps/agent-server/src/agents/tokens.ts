/**
 * Counts tokens where no model does: every word is one token per four UTF-8 bytes, rounded up.
 *
 * White space is free, so the count of a text is the sum of the counts of its words however it is streamed.
 *
 * @example
 * countTokens("rate limiting"); // 1 + 2
 */
export function countTokens(text: string): number {
  let tokens = 0;
  for (const [word] of text.matchAll(/\S+/gu)) tokens += Math.ceil(Buffer.byteLength(word) / 4);
  return tokens;
}

/** More than any run uses; sums of such counts stay exact, and can be charged. */
const most = 2 ** 40;

/** Tells whether a value can be a count of tokens: what others report may be anything. */
export function isTokenCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;
}
