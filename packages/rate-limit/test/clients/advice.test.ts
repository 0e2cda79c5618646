import got from "got";
import ky from "ky";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { BRIEFLY, FOR_ELEVEN_MINUTES, FOR_EVER, startServer } from "./server.ts";

/*
 * What the README advises users of clients that would wait for anything, and what they read in the end.
 */

const path = "v1/chat/completions";

test("got gives up where it is told to wait for longer than its maxRetryAfter", async () => {
  const { origin, arrivals } = await startServer(FOR_ELEVEN_MINUTES);
  const retry = { methods: ["POST" as const], maxRetryAfter: 60_000 };
  await expect(got.post(`${origin}/${path}`, { json: {}, retry })).rejects.toThrow("429");
  expect(await arrivals()).toHaveLength(1);
});

test("ky gives up where its shouldRetry reads x-should-retry, and else comes back as ever", async () => {
  const shouldRetry = ({ error }: { error: Error }) =>
    (error as { response?: Response }).response?.headers.get("x-should-retry") === "false"
      ? false
      : undefined;
  const retry = { methods: ["post"], shouldRetry };

  const long = await startServer(FOR_ELEVEN_MINUTES);
  await expect(ky.post(`${long.origin}/${path}`, { json: {}, retry })).rejects.toThrow("429");
  expect(await long.arrivals()).toHaveLength(1);

  const brief = await startServer(BRIEFLY);
  expect((await ky.post(`${brief.origin}/${path}`, { json: {}, retry })).status).toBe(200);
  expect(await brief.arrivals()).toHaveLength(2);
});

test("ky is not made to come back by the legacy fields of a cost that never fits", async () => {
  const { origin, arrivals } = await startServer({ ...FOR_EVER, headers: ["standard", "legacy"] });
  const asked = ky.post(`${origin}/${path}`, { json: {}, retry: { methods: ["post"] } });
  await expect(asked).rejects.toThrow("413");
  expect(await arrivals()).toHaveLength(1);
});

test("who uses the openai SDK catches an error of its own kind, with the code and a sentence", async () => {
  const { origin } = await startServer(FOR_ELEVEN_MINUTES);
  const client = new OpenAI({ apiKey: "a-key", baseURL: `${origin}/v1` });
  const asked = client.chat.completions.create({ model: "m", messages: [] });
  const error = await asked.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OpenAI.RateLimitError);
  expect(error).toMatchObject({
    status: 429,
    code: "rate_limit_exceeded",
    type: "rate_limit_error",
    message: expect.stringContaining("try again in 11 minutes"),
  });
});
