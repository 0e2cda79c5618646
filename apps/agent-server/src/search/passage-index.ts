import Database from "libsql";
import type { MarkdownDocument } from "./documents.ts";
import { type Passage, toPassages } from "./passages.ts";
import { toMatchExpression } from "./query.ts";

export type { Passage } from "./passages.ts";

/** A full-text index over the passages of a set of documents. */
export interface PassageIndex {
  /** Returns the best passages for a question in plain words, best first; none when no word of it occurs. */
  search(question: string, limit: number): Passage[];
  /** Lists what the documents are about: their first headings, by path. */
  titles(): string[];
  readonly size: number;
  close(): void;
}

interface Row {
  readonly path: string;
  readonly headings: string;
  readonly text: string;
  readonly score: number;
}

/** Fenced blocks of shell commands. */
const commands = /^(`{3,}|~{3,})(?:sh|bash|console|shell)\b.*?^\1$/gmsu;

/** A passage that scores under this part of the best one is noise beside it. */
const relativeCutoff = 0.35;

/**
 * Indexes documents in memory, with SQLite's FTS5: words by their stems, ranked by BM25.
 *
 * A code such as CORS_NULL_ORIGIN is one word: a question about origins is no question about it.
 * A word in the heading of a passage weighs four times, one in the path twice what it weighs in the text; those in the
 * headings above are the same for a whole document. READMEs tell how a thing is done, docs/ why, and what goes wrong:
 * they count for less, and still answer what nothing else does.
 */
export function createPassageIndex(documents: readonly MarkdownDocument[]): PassageIndex {
  const database = new Database(":memory:");
  database.exec(
    `CREATE VIRTUAL TABLE passages USING fts5(
       path, above, heading, words, headings UNINDEXED, text UNINDEXED,
       tokenize = "porter unicode61 remove_diacritics 2 tokenchars '_'"
     )`,
  );
  const passages = documents.flatMap(toPassages);
  const insert = database.prepare(
    "INSERT INTO passages (path, above, heading, words, headings, text) VALUES (?, ?, ?, ?, ?, ?)",
  );
  database.transaction(() => {
    for (const { path, headings, text } of passages) {
      const [above, heading] = [headings.slice(0, -1), headings.slice(-1)].map(searchable);
      insert.run(path, above, heading, searchable([text]), headings.join("\n"), text);
    }
  })();

  // What is nothing but a command, such as how to install, answers only what its heading says.
  // Equal scores fall back to the order of the documents, so that answers never depend on chance.
  const select = database.prepare(
    `SELECT path, headings, text,
       -bm25(passages, 2.0, 1.0, 4.0, 1.0) * iif(path LIKE 'docs/%', 0.7, 1.0) AS score
       FROM passages WHERE passages MATCH ?1
       AND (words <> '' OR rowid IN (SELECT rowid FROM passages WHERE passages MATCH 'heading : (' || ?1 || ')'))
       ORDER BY score DESC, rowid LIMIT ?2`,
  );

  return {
    size: passages.length,
    search(question, limit) {
      const expression = toMatchExpression(question);
      if (expression === undefined) return [];
      const rows = select.all(expression, limit) as Row[];
      const best = rows[0]?.score ?? 0;
      return rows
        .filter(({ score }) => score >= best * relativeCutoff)
        .map(({ path, headings, text }) => ({ path, headings: headings.split("\n"), text }));
    },
    titles() {
      const first = new Map<string, string>();
      for (const { path, headings } of passages) {
        if (!first.has(path)) first.set(path, headings[0] ?? path);
      }
      return [...first].map(([path, title]) => `${title} (${path})`);
    },
    close() {
      database.close();
    },
  };
}

/**
 * Gives what is looked for in a text. A command that asks a question as an example is no answer to it, and the scope of
 * a package is on every page.
 */
function searchable(texts: readonly string[]): string {
  return texts.join("\n").replace(commands, "").replaceAll("@enfilade/", "").trim();
}
