/** Words that a question has for its grammar; they match everywhere and say nothing. */
const grammar = new Set(
  (
    "a about all am an and any are as at be been but by can could did do does for from had has have how i if in into " +
    "is it its me my no not of on or our shall should so than that the their them then there these they this those " +
    "to us was we were what when where which who why will with would you your"
  ).split(" "),
);

/**
 * Turns a question into an FTS5 MATCH expression: its meaningful words, any of which may match.
 *
 * Every word is quoted, so no input can reach FTS5's own syntax.
 *
 * @returns nothing when the question has no word to look for.
 */
export function toMatchExpression(question: string): string | undefined {
  const words = [...question.toLowerCase().matchAll(/[\p{L}\p{N}_]+/gu)].map(([word]) => word);
  const meaningful = words.filter((word) => !grammar.has(word));
  // "Who are you?" is all grammar: better its plain words than nothing.
  const wanted = [...new Set(meaningful.length > 0 ? meaningful : words)].slice(0, 32);
  if (wanted.length === 0) return undefined;
  return wanted.map((word) => `"${word}"`).join(" OR ");
}
