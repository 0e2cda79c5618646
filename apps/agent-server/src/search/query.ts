import { withSynonyms } from "./synonyms.ts";

/** Words that a question has for its grammar; they match everywhere and say nothing. */
const grammar = new Set(
  (
    "a about all am an and any are as at be been but by can could did do does for from get gets give gives had happen " +
    "happens has have how i if in into is it its like make makes me mean means my need needs no not of on or our please " +
    "shall should so than that the their them then there these they this those to us use used uses using want wants was " +
    "we were what when where which who why will with work works would you your"
  ).split(" "),
);

/**
 * Turns a question into an FTS5 MATCH expression: its meaningful words and their synonyms, any of which
 * may match.
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
  const said = new Set(wanted.flatMap(withSynonyms));
  return [...said].map((word) => `"${word}"`).join(" OR ");
}
