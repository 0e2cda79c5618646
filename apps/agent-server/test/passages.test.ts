import fc from "fast-check";
import { expect, test } from "vitest";
import { toPassages } from "../src/search/passages.ts";

const cut = (text: string) => toPassages({ path: "docs/a.md", text });

test("a document is cut at its headings, and each passage knows the headings above it", () => {
  const text =
    "intro\n\n# One\n\nfirst\n\n## Two\n\nsecond\n\n### Three\n\nthird\n\n## Four\n\nfourth\n\nOther\n=====\n\nfifth";
  expect(cut(text).map(({ headings, text }) => [headings.join(" > "), text])).toEqual([
    ["docs/a.md", "intro"],
    ["One", "first"],
    ["One > Two", "second"],
    ["One > Two > Three", "third"],
    ["One > Four", "fourth"],
    ["Other", "fifth"],
  ]);
});

test("a line that looks like a heading inside a code block is code", () => {
  const text = "# Install\n\n```sh\n# not a heading\nnpm i\n```\n";
  expect(cut(text)).toEqual([
    { path: "docs/a.md", headings: ["Install"], text: "```sh\n# not a heading\nnpm i\n```" },
  ]);
});

test("headings lose the marks of code, links and emphasis; HTML and link definitions are left out", () => {
  const text =
    "## Use `order` in [*every*](x.md) scope\n\n<!-- note -->\n\nbody\n\n[x]: https://example.org\n";
  expect(cut(text)).toEqual([
    { path: "docs/a.md", headings: ["Use order in every scope"], text: "body" },
  ]);
});

test("a long section is cut between its blocks, a long code block never", () => {
  const paragraph = `${"word ".repeat(80).trim()}.`;
  const code = `\`\`\`ts\n${"const x = 1;\n".repeat(300)}\`\`\``;
  const passages = cut(`# Long\n\n${Array(6).fill(paragraph).join("\n\n")}\n\n${code}\n`);
  expect(passages.map(({ text }) => text.length).slice(0, 3)).toEqual([802, 802, 802]);
  expect(passages.at(-1)?.text).toBe(code);
});

test("what leads in to a long block stays with it, and every part of a long table has its head", () => {
  const head = "| option | meaning |\n|---|---|";
  const rows = Array.from({ length: 40 }, (_, n) => `| \`option${n}\` | ${"word ".repeat(12)}|`);
  const lead = `This package ${"really ".repeat(20)}takes`;
  const passages = cut(`# Options\n\n${lead}\n\n${[head, ...rows].join("\n")}\n`);
  const texts = passages.map(({ text }) => text);
  expect(texts.length).toBeGreaterThan(2);
  expect(texts[0]).toContain(`${lead}\n\n${head}`);
  for (const text of texts) expect(text).toContain(`${head}\n| \`option`);
  expect(texts.join("\n").match(/`option\d+`/g)).toHaveLength(40);
});

test("no word of a text is lost or changed by cutting it", () => {
  const word = fc.stringMatching(/^[a-z]{1,12}$/);
  const block = fc.array(word, { minLength: 1, maxLength: 400 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 12 }), (blocks) => {
      const words = cut(`# T\n\n${blocks.join("\n\n")}`).flatMap(({ text }) => text.split(/\s+/));
      expect(words).toEqual(blocks.flatMap((text) => text.split(" ")));
    }),
    { numRuns: 50 },
  );
});
