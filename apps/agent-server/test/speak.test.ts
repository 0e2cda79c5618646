import fc from "fast-check";
import { expect, test } from "vitest";
import type { AgentEvent } from "../src/agents/agent.ts";
import { speak } from "../src/agents/speak.ts";
import { countTokens } from "../src/agents/tokens.ts";

const { signal } = new AbortController();

async function spoken(text: string): Promise<AgentEvent[]> {
  const events: AgentEvent[] = [];
  for await (const event of speak(text, { inputTokens: 5, wordDelayMs: 0, signal })) {
    events.push(event);
  }
  return events;
}

test("a word is one token per four bytes, rounded up", () => {
  expect(countTokens("")).toBe(0);
  expect(countTokens("a")).toBe(1);
  expect(countTokens("four")).toBe(1);
  expect(countTokens("fives")).toBe(2);
  expect(countTokens("naïve  Größe\n")).toBe(2 + 2);
});

test("the words of any text add up to the text, and their tokens to its tokens", async () => {
  const text = fc
    .array(fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom(" ", "\n", "\r\n")))
    .map((parts) => `x${parts.join("")}`);
  await fc.assert(
    fc.asyncProperty(text, async (given) => {
      const events = await spoken(given);
      const pieces = events.flatMap((event) => (event.type === "content" ? [event.text] : []));
      expect(pieces.join("")).toBe(given);
      expect(events.findLast(({ type }) => type === "usage")).toEqual({
        type: "usage",
        usage: { inputTokens: 5, outputTokens: countTokens(given) },
      });
    }),
    { numRuns: 50 },
  );
});

test("an abort ends the speech where it is", async () => {
  const controller = new AbortController();
  const heard: string[] = [];
  const speech = speak("one two three", {
    inputTokens: 0,
    wordDelayMs: 60_000,
    signal: controller.signal,
  });
  const reading = (async () => {
    for await (const event of speech) if (event.type === "content") heard.push(event.text);
  })();
  controller.abort();
  await expect(reading).rejects.toThrow(/abort/i);
  expect(heard).toEqual([]);
});
