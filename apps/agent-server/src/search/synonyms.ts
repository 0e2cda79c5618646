/** Words that people ask with, and those that the documentation has for the same. */
const synonyms: readonly (readonly [asked: string, meant: string])[] = [
  ["add enable install setup start", "register enable add install start"],
  ["ban bans banned block blocks deny", "refuse"],
  ["break breaks", "hold flush"],
  ["change customize format", "dialect envelope"],
  ["create generate", "make"],
  ["crash crashes down offline outage outages unavailable", "away unreachable fault fail"],
  ["custom own write", "define defineLayer"],
  ["disable exclude leave off remove skip", "skip false leave"],
  ["existing foreign wrap", "adopt"],
  ["browser frontend page website", "browser origin page"],
  ["hide mask", "redact"],
  ["inspect list print see show view", "explain"],
  ["ip", "address"],
  ["order sequence", "line outermost"],
];

const meanings = new Map(
  synonyms.flatMap(([asked, meant]) => asked.split(" ").map((word) => [word, meant.split(" ")])),
);

/** Gives a word, and what else the documentation may call it. */
export function withSynonyms(word: string): string[] {
  return [...new Set([word, ...(meanings.get(word) ?? [])])];
}
