import { createApp } from "@enfilade/line-testing";
import type { FastifyInstance } from "fastify";
import { expect, it } from "vitest";
import { type TimingOptions, timing } from "../src/index.ts";

/** An app in line, with a route that says nothing of timing, one that tells its spans, and one that is not timed. */
async function lineWith(options: TimingOptions): Promise<FastifyInstance> {
  const app = await createApp({ way: "in line", exposeHeadRoutes: false });
  await app.register(timing, options);
  app.get("/plain", async () => "");
  app.get("/detailed", { config: { timing: { detail: true } } }, async () => "");
  app.get("/silent", { config: { timing: false } }, async () => "");
  await app.ready();
  return app;
}

it("stands at the place observe", async () => {
  const app = await lineWith({});
  expect(app.order.explain("GET", "/plain").doors).toMatchObject([
    { layer: "timing", place: "observe" },
  ]);
});

it("lists the routes that tell their spans", async () => {
  expect((await lineWith({})).order.findings()).toMatchObject([
    { code: "TIMING_DETAIL_EXPOSED", severity: "info", where: "GET /detailed" },
  ]);
  expect((await lineWith({ detail: true })).order.findings()).toMatchObject([
    { where: "GET /plain" },
    { where: "GET /detailed" },
  ]);
});

it("lists nothing where the spans cannot leave", async () => {
  expect((await lineWith({ serverTimingHeader: false })).order.findings()).toEqual([]);
});
