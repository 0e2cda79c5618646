import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { createDeferred, pieces } from "../src/index.ts";

it("gives the first piece at once, and the second when it is let", async () => {
  const rest = createDeferred<string>();
  const stream = pieces("first ", rest.promise);
  expect(await stream.next()).toEqual({ done: false, value: "first " });
  rest.resolve("last");
  expect(await text(Readable.from(stream))).toBe("last");
});

it("fails with what it waits for", async () => {
  const rest = createDeferred<string>();
  const stream = pieces("first", rest.promise);
  await stream.next();
  rest.reject(new Error("no more"));
  await expect(stream.next()).rejects.toThrow("no more");
});
