import { defineLayer, type Layer, type Phase, type Place } from "@enfilade/layer";
import type { FastifyInstance } from "fastify";
import { arranged } from "./boot.ts";

/** Stands in for the layer of a package: its name, its place and its phases. */
function standIn(name: string, place: Place, ...phases: Phase[]): Layer {
  return defineLayer({
    name,
    place,
    setup: () => Object.fromEntries(phases.map((phase) => [phase, () => {}])),
  });
}

/** The app that the README explains and draws, registered in no particular order. */
export async function sampleApp(): Promise<FastifyInstance> {
  const app = await arranged();
  app.register(standIn("quota", "spend", "preHandler", "onSettled"), {
    layer: { requires: ["principal"] },
  });
  app.register(standIn("compress", "encode", "onSend"));
  app.register(async function agents(child) {
    child.post("/agents/:id/runs", async () => "run");
    child.register(standIn("api-key", "authenticate", "onRequest"), {
      layer: { provides: ["principal"] },
    });
  });
  app.register(standIn("request-id", "identify", "onRequest", "onHeaders"));
  app.register(standIn("cors", "share", "onRequest"));
  app.register(standIn("timing", "observe", "onRequest", "onHeaders", "onSettled"));
  app.register(standIn("rate-limit", "shield", "onRequest"));
  app.get("/health", { config: { public: true, skip: ["rate-limit"] } }, async () => "ok");
  await app.ready();
  return app;
}
