import { writeFileSync } from "node:fs";
import { defineLayer, type Place } from "@enfilade/layer";
import Fastify from "fastify";
import { it } from "vitest";
import { order } from "../src/index.ts";

const probe = (name: string, place: Place, hooks: string[]) =>
  defineLayer({
    name,
    place,
    setup: () => Object.fromEntries(hooks.map((hook) => [hook, () => {}])),
  });

it("draws", async () => {
  const app = Fastify();
  await app.register(order);
  app.register(probe("request-id", "identify", ["onRequest"]));
  app.register(probe("timing", "observe", ["onRequest", "onHeaders", "onSettled"]));
  app.register(probe("request-log", "observe", ["onSend", "onSettled"]));
  app.register(probe("security-headers", "protect", ["onRequest", "onHeaders"]));
  app.register(probe("cors", "share", ["onRequest"]));
  app.register(probe("compress", "encode", ["onSend"]));
  app.register(async function agents(child) {
    child.register(probe("api-key", "authenticate", ["onRequest"]));
    child.post("/agents/:id/runs", async () => ({ a: 1 }));
  });
  app.register(probe("quota", "spend", ["preHandler", "onSettled"]));
  await app.ready();
  const why = app.order.explain("POST", "/agents/docs/runs");
  console.log(why.toText());
  writeFileSync("/tmp/enf/x.svg", why.toSvg());
  writeFileSync("/tmp/enf/x.mmd", why.toMermaid());
  await app.close();
});
