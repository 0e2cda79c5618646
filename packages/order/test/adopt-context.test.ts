import { setImmediate as immediate } from "node:timers/promises";
import { adopt } from "@enfilade/layer";
import { listen } from "@enfilade/testing";
import requestContext from "@fastify/request-context";
import type { FastifyRequest } from "fastify";
import { describe, expect, it } from "vitest";
import { boot, type Registration, WAYS } from "./boot.ts";
import { layer } from "./probes.ts";

declare module "@fastify/request-context" {
  interface RequestContextData {
    caller?: string;
    trail?: string[];
  }
}

const adopted: Registration = (app) =>
  app.register(adopt(requestContext, { name: "request-context", place: "observe" }), {
    defaultStoreValues: (request) => ({ caller: String(request.headers.caller), trail: [] }),
  });

/** A layer whose every inbound phase takes its time, and leaves its name in the store if there is one. */
function slow(name: string, place: "identify" | "spend"): Registration {
  const leave = async ({ requestContext }: FastifyRequest) => {
    await immediate();
    requestContext.get("trail")?.push(name);
  };
  const hooks = { onRequest: leave, preValidation: leave, preHandler: leave };
  return (app) => app.register(layer(name, place, hooks));
}

describe.each(WAYS)("@fastify/request-context adopted, registered $way", ({ arrange }) => {
  it("has a store of its own for each request, visible in every layer further in and in the handler", async () => {
    const app = await boot(
      arrange([
        slow("before", "identify"),
        adopted,
        slow("after", "spend"),
        (app) =>
          app.post("/", async ({ requestContext, body }) => {
            await immediate();
            const trail = requestContext.get("trail")?.filter((name) => name === "after");
            return { caller: requestContext.get("caller"), trail, body };
          }),
      ]),
    );
    const origin = await listen(app);
    const ask = async (caller: string) => {
      const headers = { caller, "content-type": "application/json" };
      const body = JSON.stringify({ from: caller });
      return (await fetch(origin, { method: "POST", headers, body })).json();
    };
    const callers = ["ada", "joan", "grace"];
    expect(await Promise.all(callers.map(ask))).toEqual(
      callers.map((caller) => ({
        caller,
        trail: ["after", "after", "after"],
        body: { from: caller },
      })),
    );
  });
});
