import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { createDocsAgent } from "../src/agents/docs.ts";
import { findRepository, type MarkdownDocument, readDocuments } from "../src/search/documents.ts";
import { createPassageIndex } from "../src/search/passage-index.ts";
import { contentOf, type EventData, lastOf, parseEvents, postForm, testServer } from "./support.ts";

const documents = [
  {
    path: "packages/rate-limit/README.md",
    text: "# rate-limit\n\n## By API key\n\nRate limit by API key:\n\n```ts\nkey: principal\n```\n",
  },
  { path: "docs/streams.md", text: "# Streams\n\nEvents flow.\n" },
];

async function serve(library: readonly MarkdownDocument[]): Promise<string> {
  const index = createPassageIndex(library);
  onTestFinished(() => index.close());
  return testServer({ agents: [createDocsAgent({ index, wordDelayMs: 0 })] });
}

async function ask(origin: string, message: string): Promise<EventData[]> {
  const response = await postForm(`${origin}/agents/docs/runs`, { message });
  return parseEvents(await response.text()).events;
}

test("a question is answered with the passage that fits, quoted under its source, after a search", async () => {
  const events = await ask(await serve(documents), "How do I rate limit by API key?");
  expect(events.slice(0, 3).map(({ event }) => event)).toEqual([
    "RunStarted",
    "ToolCallStarted",
    "ToolCallCompleted",
  ]);
  expect(events[1]?.tool).toMatchObject({
    tool_name: "search_docs",
    tool_args: { query: "How do I rate limit by API key?" },
  });
  expect(contentOf(events)).toBe(
    "**rate-limit › By API key** (packages/rate-limit/README.md)\n\n" +
      "> Rate limit by API key:\n>\n> ```ts\n> key: principal\n> ```",
  );
  expect(events.filter(({ event }) => event === "RunContent").length).toBeGreaterThan(10);
});

test("tokens are counted for the question and the passages read, and for the answer", async () => {
  const question = "flow";
  const last = lastOf(await ask(await serve(documents), question));
  const [read, said] = ["[docs/streams.md › Streams]\nEvents flow.", String(last.content)].map(
    (text) =>
      text.split(/\s+/).reduce((sum, word) => sum + Math.ceil(Buffer.byteLength(word) / 4), 0),
  );
  expect(last.metrics).toMatchObject({ input_tokens: 1 + Number(read), output_tokens: said });
});

test("the same question has the same answer", async () => {
  const origin = await serve(documents);
  const answers = [await ask(origin, "limit events"), await ask(origin, "limit events")];
  expect(contentOf(answers[0] ?? [])).toBe(contentOf(answers[1] ?? []));
});

test("a question that the documentation does not answer is told so, with what it covers", async () => {
  expect(contentOf(await ask(await serve(documents), "zebra?"))).toBe(
    "The documentation says nothing about that. It covers:\n\n" +
      "- rate-limit (packages/rate-limit/README.md)\n- Streams (docs/streams.md)",
  );
});

test("a server without documents says that there are none", async () => {
  expect(contentOf(await ask(await serve([]), "x"))).toBe("There are no documents here to search.");
});

test("the questions that it suggests are answered by this repository's pages about them", async () => {
  const repository = findRepository(fileURLToPath(import.meta.url));
  const index = createPassageIndex(await readDocuments(repository ?? ""));
  onTestFinished(() => index.close());
  const { quickPrompts } = createDocsAgent({ index, wordDelayMs: 0 });
  const sources = quickPrompts?.map((question) => index.search(question, 1)[0]?.path);
  expect(sources).toEqual([
    "packages/rate-limit/README.md",
    "packages/order/README.md",
    "apps/agent-server/README.md",
  ]);
});
