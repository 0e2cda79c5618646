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

/** What users ask, and the sections of this repository that answer it. */
const questions: readonly (readonly [question: string, section: RegExp])[] = [
  ["How do I rate limit by API key?", /^packages\/rate-limit\/.* Limit by API key/],
  ["In which order do the layers run?", /^README\.md › Enfilade › The line/],
  ["What happens when a client disconnects?", /^apps\/agent-server\/.* When a client disconnects/],
  ["How do I enable CORS for my frontend?", /^packages\/cors\/.* Quick start/],
  ["Which headers does CORS allow by default?", /^packages\/cors\/.* Options/],
  ["Does compression break SSE streaming?", /^packages\/compress\//],
  ["How does it behave in a Redis outage?", /^packages\/(redis|limiter)\/.* (Fault|Failure)/],
  ["How do I limit tokens per day for each user?", /^packages\/quota\/.* A policy/],
  ["How are quotas settled when a run is aborted?", /^packages\/quota\/.* A run/],
  ["How do I verify JWTs with a JWKS URL?", /^packages\/jwt\/.* Options/],
  ["Where are API keys stored?", /^packages\/api-key\//],
  ["How do I turn off the content-security-policy header?", /^packages\/security-headers\//],
  ["How do I make a route public without authentication?", /^packages\/auth\/.* Per route/],
  [
    "How do I use an existing Fastify plugin such as @fastify/helmet?",
    /^packages\/layer\/.* adopt/,
  ],
  ["How do I write my own layer?", /^packages\/layer\/.* defineLayer/],
  ["How can I see the order of layers for a route?", /^packages\/order\/.* Explain/],
  ["How do I change the error format?", /^packages\/errors\//],
  ["How do I block a user agent?", /^packages\/client-gate\//],
  ["How do I run the demo with a key?", /^apps\/agent-server\/.* Run it with a key/],
  ["What does ORDER_UNPROTECTED_ROUTE mean?", /^docs\/findings\.md .* ORDER_UNPROTECTED_ROUTE/],
  ["How do I use a model with OPENAI_BASE_URL?", /^apps\/agent-server\/.* Environment/],
  ["What is Enfilade?", /^README\.md › Enfilade/],
];

test("what users ask is answered with this repository's sections about it", async () => {
  const repository = findRepository(fileURLToPath(import.meta.url));
  const index = createPassageIndex(await readDocuments(repository ?? ""));
  onTestFinished(() => index.close());
  const answers = questions.map(([question]) => {
    const found = index.search(question, 3);
    return found.map(({ path, headings }) => [path, ...headings].join(" › "));
  });
  for (const [n, [question, section]] of questions.entries()) {
    expect(
      answers[n]?.some((source) => section.test(source)),
      `${question} ${answers[n]}`,
    ).toBe(true);
  }
  const suggested = createDocsAgent({ index, wordDelayMs: 0 }).quickPrompts;
  expect(questions.map(([question]) => question)).toEqual(
    expect.arrayContaining([...(suggested ?? [])]),
  );
});
