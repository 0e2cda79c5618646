import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { findRepository, readDocuments } from "../src/search/documents.ts";
import { createPassageIndex, type PassageIndex } from "../src/search/passage-index.ts";
import { toMatchExpression } from "../src/search/query.ts";
import { temporaryFolder } from "./support.ts";

function indexOf(documents: Readonly<Record<string, string>>): PassageIndex {
  const index = createPassageIndex(
    Object.entries(documents).map(([path, text]) => ({ path, text })),
  );
  onTestFinished(() => index.close());
  return index;
}

const library = {
  "packages/rate-limit/README.md":
    "# rate-limit\n\nLimits requests.\n\n## Keys\n\nLimit by API key, or by address.\n",
  "packages/cors/README.md": "# cors\n\nAnswers preflights before anything that can refuse.\n",
  "docs/streams.md": "# Streams\n\nA client that disconnects stops the agent.\n",
};

test("the best passage comes first, with its source", () => {
  const [best] = indexOf(library).search("How do I rate limit by API key?", 3);
  expect(best).toEqual({
    path: "packages/rate-limit/README.md",
    headings: ["rate-limit", "Keys"],
    text: "Limit by API key, or by address.",
  });
});

test("a code is one word, which nothing but itself matches", () => {
  const index = indexOf({
    "docs/findings.md": "# Findings\n\n## ORDER_CYCLE\n\nOrders that order each other.\n",
    "docs/order.md": "# Order\n\nLayers run by their places.\n",
  });
  expect(index.search("order of layers", 1)[0]?.path).toBe("docs/order.md");
  expect(index.search("What is ORDER_CYCLE?", 1)[0]?.path).toBe("docs/findings.md");
});

test("words match by their stems, whatever their case or accents", () => {
  const index = indexOf(library);
  expect(index.search("DISCONNECTING clïents", 1)[0]?.path).toBe("docs/streams.md");
});

test("a question that shares no word with the documents finds nothing", () => {
  expect(indexOf(library).search("zebra crossing", 3)).toEqual([]);
  expect(indexOf(library).search("¿?!", 3)).toEqual([]);
});

test("the same question gives the same passages, however often and in a new index too", () => {
  const ask = () => indexOf(library).search("limit requests before clients", 3);
  expect(ask()).toEqual(ask());
});

test("a command that asks the question is no answer to it, but is quoted with one", () => {
  const text =
    "# Demo\n\nTry the agent:\n\n```sh\ncurl -F message='How do preflights work?' /runs\n```\n";
  const index = indexOf({ "apps/demo/README.md": text });
  expect(index.search("How do preflights work?", 3)).toEqual([]);
  expect(index.search("try agent", 3)[0]?.text).toContain("curl -F message");
});

test("how to install is an answer to that question, and to no other", () => {
  const text =
    "# cors\n\n## Install\n\n```sh\nnpm install cors\n```\n\n## Options\n\nOf cors: `origin`.\n";
  const index = indexOf({ "packages/cors/README.md": text });
  const headings = (question: string) =>
    index.search(question, 3).map(({ headings }) => headings[1]);
  expect(headings("cors")).toEqual(["Options"]);
  expect(headings("How do I install cors?")[0]).toBe("Install");
});

test("the scope of a package is no word of its page", () => {
  const index = indexOf({
    "packages/cors/README.md": "# @enfilade/cors\n\nCORS.\n",
    "README.md": "# Enfilade\n\nA suite of rooms.\n",
  });
  expect(index.search("What is Enfilade?", 3).map(({ path }) => path)).toEqual(["README.md"]);
  expect(index.search("@enfilade/cors", 1)[0]?.path).toBe("packages/cors/README.md");
});

test("how a thing is done comes before why it was decided so", () => {
  const index = indexOf({
    "docs/decisions/1.md": "# Streams\n\nBuffered streams.\n",
    "packages/a/README.md": "# Streams\n\nBuffered streams.\n",
  });
  const paths = index.search("buffered streams", 2).map(({ path }) => path);
  expect(paths).toEqual(["packages/a/README.md", "docs/decisions/1.md"]);
});

test("words that people ask with find those that the documentation has", () => {
  const index = indexOf({
    "a/README.md": "# A\n\nWhile Redis is away.\n",
    "b/README.md": "# B\n\nNo.\n",
  });
  expect(index.search("outage", 3).map(({ path }) => path)).toEqual(["a/README.md"]);
});

test("titles tell what the documents are about", () => {
  expect(indexOf(library).titles()).toEqual([
    "rate-limit (packages/rate-limit/README.md)",
    "cors (packages/cors/README.md)",
    "Streams (docs/streams.md)",
  ]);
});

test("no question, whatever it holds, is read as FTS5's own syntax", () => {
  const index = indexOf(library);
  const hostile = fc.constantFrom('"', "*", "NEAR(", "AND", "-", "path:", "^", "{a b}", "\0", "'");
  const question = fc
    .array(fc.oneof(hostile, fc.string({ unit: "grapheme" })))
    .map((parts) => parts.join(" "));
  fc.assert(
    fc.property(question, (given) => {
      expect(index.search(given, 3).length).toBeLessThanOrEqual(3);
    }),
  );
});

test("grammar is not looked for, unless there is nothing else", () => {
  expect(toMatchExpression("How do I limit the limit?")).toBe('"limit"');
  expect(toMatchExpression("who are you")).toBe('"who" OR "are" OR "you"');
  expect(toMatchExpression("  ")).toBeUndefined();
});

test("every README and all of docs is read, and nothing of what was installed or built", async () => {
  const root = temporaryFolder();
  const files = {
    "pnpm-workspace.yaml": "packages: []",
    "README.md": "root",
    "CHANGELOG.md": "no",
    "docs/guides/order.md": "guide",
    "packages/cors/README.md": "cors",
    "packages/cors/notes.md": "no",
    "packages/cors/node_modules/x/README.md": "no",
    "packages/cors/dist/README.md": "no",
    ".cache/README.md": "no",
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  expect(findRepository(join(root, "packages/cors"))).toBe(root);
  expect((await readDocuments(root)).map(({ path }) => path)).toEqual([
    "README.md",
    "docs/guides/order.md",
    "packages/cors/README.md",
  ]);
});

test("a server that runs without a repository finds none", () => {
  expect(findRepository(temporaryFolder())).toBeUndefined();
});
