import { defineLayer } from "@enfilade/layer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { clientGate } from "../src/index.ts";
import { bareApp, statusFor } from "./apps.ts";

const outer = defineLayer({
  name: "outer",
  place: "protect",
  setup: () => ({
    onHeaders(_request, reply) {
      reply.header("x-outer", "yes");
    },
  }),
});
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
  const app = await bareApp("under the order");
  await app.register(inner);
  await app.register(clientGate, { refuse });
  app.get("/", async () => "here");
  await app.ready();

  const { doors } = app.order.explain("GET", "/");

  expect(doors.map(({ layer, place }) => [layer, place])).toEqual([
    ["client-gate", "gate"],
    ["inner", "shield"],
  ]);
});

test("refuses the same whatever the order of registration, and what it refuses has all headers", async () => {
  const steps = ["gate", "outer", "inner", "route", "scope"] as const;
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...steps], { minLength: steps.length }),
      async (order) => {
        const app = await bareApp("under the order");
        for (const step of order) {
          if (step === "gate") app.register(clientGate, { refuse });
          else if (step === "outer") app.register(outer);
          else if (step === "inner") app.register(inner);
          else if (step === "route") app.get("/", async () => "here");
          else app.register(async (scope) => void scope.get("/scope", async () => "here"));
        }
        for (const url of ["/", "/scope", "/nope"]) {
          const headers = { "user-agent": "LegacyApp/1.4" };
          const response = await app.inject({ url, headers });
          expect(response.json()).toMatchObject({ code: "CLIENT_GATE_REFUSED", statusCode: 410 });
          expect(response.headers["x-outer"]).toBe("yes");
          expect(await statusFor(app, { url })).toBe(429);
        }
        await app.close();
      },
    ),
    { numRuns: 20 },
  );
});
