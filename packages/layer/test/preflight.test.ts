import type { InjectOptions } from "fastify";
import { expect, it } from "vitest";
import { isPreflight } from "../src/index.ts";
import { createApp } from "./support.ts";

const ASKS = { origin: "https://app.example", "access-control-request-method": "POST" };

it.each<[string, InjectOptions, boolean]>([
  ["OPTIONS that asks for a method", { headers: ASKS }, true],
  ["a sandboxed page's", { headers: { ...ASKS, origin: "null" } }, true],
  ["another method", { method: "POST", headers: ASKS }, false],
  ["OPTIONS alone", {}, false],
  ["OPTIONS without an origin", { headers: { "access-control-request-method": "POST" } }, false],
  ["OPTIONS with an empty origin", { headers: { ...ASKS, origin: "" } }, false],
  ["OPTIONS that asks for nothing", { headers: { origin: ASKS.origin } }, false],
])("isPreflight tells what %s is", async (_request, request, said) => {
  const app = createApp();
  app.all("/", async (asked) => ({ said: isPreflight(asked) }));
  expect((await app.inject({ method: "OPTIONS", url: "/", ...request })).json()).toEqual({ said });
});
