import { createOpenAI } from "@ai-sdk/openai";
import Anthropic from "@anthropic-ai/sdk";
import { generateText, streamText } from "ai";
import got from "got";
import ky from "ky";
import OpenAI from "openai";
import { Agent, RetryAgent, request } from "undici";

const messages = [{ role: "user", content: "What is the answer?" }] as const;
const apiKey = "a-key";

/** A client as it comes, and what it makes of our refusals. */
export interface Client {
  /** As it is called on npm. */
  readonly name: string;
  /** How it is used, where that could make a difference. */
  readonly how?: string;
  /** What it must be told before it tries a POST again, as its users write it. */
  readonly setting?: string;
  /** The header that it waits as long as. */
  readonly obeys: "retry-after-ms" | "retry-after";
  /** How long it waits, in seconds, where it is told to wait for eleven minutes; not at all where it gives up. */
  readonly longWaits: readonly number[];
  /** Asks for the answer, with its setting if it is `willing`; rejects with what the client says. */
  ask(origin: string, willing: boolean): Promise<string>;
}

const elevenMinutes = 660;

export const CLIENTS: readonly Client[] = [
  {
    name: "openai",
    obeys: "retry-after-ms",
    longWaits: [],
    async ask(origin) {
      const client = new OpenAI({ apiKey, baseURL: `${origin}/v1` });
      const asked = { model: "m", messages: [...messages] };
      const { choices } = await client.chat.completions.create(asked);
      return choices[0]?.message.content ?? "";
    },
  },
  {
    name: "openai",
    how: "streaming",
    obeys: "retry-after-ms",
    longWaits: [],
    async ask(origin) {
      const client = new OpenAI({ apiKey, baseURL: `${origin}/v1` });
      const pieces = await client.chat.completions.create({
        model: "m",
        messages: [...messages],
        stream: true,
      });
      let text = "";
      for await (const { choices } of pieces) text += choices[0]?.delta.content ?? "";
      return text;
    },
  },
  {
    name: "@anthropic-ai/sdk",
    obeys: "retry-after-ms",
    longWaits: [],
    async ask(origin) {
      const client = new Anthropic({ apiKey, baseURL: origin });
      const asked = { model: "m", max_tokens: 10, messages: [...messages] };
      const { content } = await client.messages.create(asked);
      return content[0]?.type === "text" ? content[0].text : "";
    },
  },
  {
    name: "ai",
    obeys: "retry-after-ms",
    longWaits: [2, 4],
    async ask(origin) {
      const model = createOpenAI({ apiKey, baseURL: `${origin}/v1` }).chat("m");
      return (await generateText({ model, messages: [...messages] })).text;
    },
  },
  {
    name: "ai",
    how: "streaming",
    obeys: "retry-after-ms",
    longWaits: [2, 4],
    async ask(origin) {
      const model = createOpenAI({ apiKey, baseURL: `${origin}/v1` }).chat("m");
      const failures: unknown[] = [];
      const { textStream } = streamText({
        model,
        messages: [...messages],
        onError: ({ error }) => void failures.push(error),
      });
      let text = "";
      for await (const piece of textStream) text += piece;
      if (failures.length > 0) throw failures[0];
      return text;
    },
  },
  {
    name: "undici",
    how: "RetryAgent",
    obeys: "retry-after",
    longWaits: [30, 30, 30, 30, 30],
    setting: '`methods: ["POST"]`',
    async ask(origin, willing) {
      const dispatcher = new RetryAgent(new Agent(), willing ? { methods: ["POST"] } : {});
      const { statusCode, body } = await request(`${origin}/v1/chat/completions`, {
        dispatcher,
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "m", messages }),
      });
      const answer = await body.json();
      if (statusCode !== 200) throw new Error(String(statusCode), { cause: answer });
      return textOf(answer);
    },
  },
  {
    name: "ky",
    obeys: "retry-after",
    longWaits: [elevenMinutes, elevenMinutes],
    setting: '`retry: { methods: ["post"] }`',
    async ask(origin, willing) {
      const url = `${origin}/v1/chat/completions`;
      const retry = willing ? { retry: { methods: ["post"] } } : {};
      return textOf(await ky.post(url, { json: { model: "m", messages }, ...retry }).json());
    },
  },
  {
    name: "got",
    obeys: "retry-after",
    longWaits: [elevenMinutes, elevenMinutes],
    setting: '`retry: { methods: ["POST"] }`',
    async ask(origin, willing) {
      const url = `${origin}/v1/chat/completions`;
      const retry = willing ? { retry: { methods: ["POST" as const] } } : {};
      return textOf(await got.post(url, { json: { model: "m", messages }, ...retry }).json());
    },
  },
];

function textOf(completion: unknown): string {
  const { choices } = completion as { choices?: { message: { content: string } }[] };
  return choices?.[0]?.message.content ?? "";
}
