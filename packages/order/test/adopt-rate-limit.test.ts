import { adopt } from "@enfilade/layer";
import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { boot, type Registration, WAYS } from "./boot.ts";
import { layer } from "./probes.ts";

const adopted: Registration = (app) =>
  app.register(adopt(rateLimit, { name: "rate-limit", place: "shield" }), { max: 2 });

/** The statuses of several requests, one after the other. */
async function ask(app: FastifyInstance, url: string, times: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let time = 0; time < times; time++) statuses.push((await app.inject(url)).statusCode);
  return statuses;
}

describe.each(WAYS)("@fastify/rate-limit adopted, registered $way", ({ arrange }) => {
  it("limits routes that were declared earlier", async () => {
    const app = await boot(arrange([adopted, (app) => app.get("/", async () => "hello")]));
    expect(await ask(app, "/", 3)).toEqual([200, 200, 429]);
    expect((await app.inject("/")).headers["retry-after"]).toBeDefined();
  });

  it("limits what is not found", async () => {
    const app = await boot(arrange([adopted, (app) => app.get("/", async () => "hello")]));
    expect(await ask(app, "/nowhere", 3)).toEqual([404, 404, 429]);
  });

  it("comes before authentication, so that guessing is not free", async () => {
    const app = await boot(
      arrange([
        adopted,
        (app) =>
          app.register(
            layer("locked", "authenticate", { onRequest: (_q, reply) => reply.code(401).send() }),
          ),
        (app) => app.get("/", async () => "hello"),
      ]),
    );
    expect(await ask(app, "/", 3)).toEqual([401, 401, 429]);
  });

  it("honours config.rateLimit of a route, and counts it by itself", async () => {
    const app = await boot(
      arrange([
        adopted,
        (app) => app.get("/wide", { config: { rateLimit: { max: 4 } } }, async () => "wide"),
        (app) => app.get("/open", { config: { rateLimit: false } }, async () => "open"),
        (app) => app.get("/", async () => "hello"),
      ]),
    );
    expect(await ask(app, "/wide", 5)).toEqual([200, 200, 200, 200, 429]);
    expect(await ask(app, "/open", 5)).toEqual([200, 200, 200, 200, 200]);
    expect(await ask(app, "/", 3)).toEqual([200, 200, 429]);
  });

  it("stands where it is told to: by a hook that runs after authentication", async () => {
    const app = await boot(
      arrange([
        (app) =>
          app.register(adopt(rateLimit, { name: "rate-limit", place: "spend" }), {
            max: 1,
            hook: "preHandler",
            keyGenerator: (request) => String(request.headers.caller),
          }),
        (app) =>
          app.register(
            layer("known", "authenticate", {
              onRequest(request) {
                request.headers.caller = request.headers.authorization ?? "nobody";
              },
            }),
          ),
        (app) => app.get("/", async () => "hello"),
      ]),
    );
    const as = async (authorization: string) =>
      (await app.inject({ url: "/", headers: { authorization } })).statusCode;
    expect([await as("a"), await as("b"), await as("a")]).toEqual([200, 200, 429]);
  });
});
