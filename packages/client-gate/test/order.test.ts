import { defineLayer } from "@enfilade/layer";
import { createApp, inAnyOrder, outer } from "@enfilade/line-testing";
import { expect, test } from "vitest";
import { clientGate } from "../src/index.ts";
import { statusFor } from "./apps.ts";

const inner = defineLayer({
  name: "inner",
  place: "shield",
  setup: () => ({
    onRequest() {
      throw Object.assign(new Error("Too many."), { statusCode: 429 });
    },
  }),
});
const refuse = [{ name: "legacy-app", userAgent: "LegacyApp/1.", status: 410 }];

test("stands at its place, before anything that counts or asks who is calling", async () => {
  const app = await createApp({ way: "in line" });
  await app.register(inner);
  await app.register(clientGate, { refuse });
  app.get("/", async () => "here");
  await app.ready();

  expect(app.order.explain("GET", "/").doors).toMatchObject([
    { layer: "client-gate", place: "gate" },
    { layer: "inner", place: "shield" },
  ]);
});

test("refuses the same whatever the order of registration, and what it refuses has all headers", async () => {
  await inAnyOrder(
    [
      (app) => app.register(clientGate, { refuse }),
      (app) => app.register(outer),
      (app) => app.register(inner),
      (app) => app.get("/", async () => "here"),
      (app) => app.register(async (scope) => void scope.get("/scope", async () => "here")),
    ],
    async (app) => {
      for (const url of ["/", "/scope", "/nope"]) {
        const headers = { "user-agent": "LegacyApp/1.4" };
        const response = await app.inject({ url, headers });
        expect(response.json()).toMatchObject({ code: "CLIENT_GATE_REFUSED", statusCode: 410 });
        expect(response.headers["x-outer"]).toBe("yes");
        expect(await statusFor(app, { url })).toBe(429);
      }
    },
  );
});
