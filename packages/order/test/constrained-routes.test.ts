import fc from "fast-check";
import type { FastifyInstance, RouteOptions } from "fastify";
import { afterAll, expect, it } from "vitest";
import type { Constraints, Explanation } from "../src/index.ts";
import { arranged } from "./boot.ts";
import { secret, tenant } from "./constrained.ts";
import { probe } from "./probes.ts";

/*
 * Random sets of routes that differ by method, pattern and constraints, and random requests: what explain() says
 * of a request is what runs for it. Each route has a layer of its own, which tells it from all the others.
 */

const SPECS = 200;
const SEED = Number(process.env.FC_SEED ?? 20260102);
const PATTERNS = ["/runs", "/:one", "/runs/:id", "/runs/:other", "/runs/*"];
const PHASES = ["onRequest", "preHandler", "preSerialization", "onSend"] as const;
const counts = { requests: 0, found: 0, hooks: 0, ambiguous: 0 };

afterAll(() => {
  console.log(
    `constraints: ${counts.requests} requests traced, ${counts.found} of them to a route, ` +
      `${counts.hooks} hooks in the order foretold; ${counts.ambiguous} would not do without constraints`,
  );
});

const sometimes = <T>(...values: T[]) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, fc.constantFrom(...values));

const routeSpec = fc.record({
  method: fc.constantFrom("GET", "POST", "OPTIONS"),
  url: fc.constantFrom(...PATTERNS),
  constraints: fc.record({
    host: sometimes<string | RegExp>("a.example", /^b\./, /example$/),
    version: sometimes("1.0.0", "1.2.0", "2.0.0"),
    tenant: sometimes("acme", "Umbra"),
    secret: sometimes("s", "t"),
  }),
});
type RouteSpec = typeof routeSpec extends fc.Arbitrary<infer Spec> ? Spec : never;

const requestSpec = fc.record({
  method: fc.constantFrom("GET", "HEAD", "POST", "OPTIONS"),
  url: fc.constantFrom("/runs", "/others", "/runs/1", "/runs/1/steps"),
  brought: fc.record({
    host: fc.constantFrom("a.example", "b.example", "c.test"),
    version: sometimes("1.x", "1.0.0", "1.2.x", "x", "9.x"),
    tenant: sometimes("ACME", "umbra", "nobody"),
    secret: sometimes("s", "wrong"),
  }),
});
type RequestSpec = typeof requestSpec extends fc.Arbitrary<infer Spec> ? Spec : never;

/** Leaves out what is not asked for: Fastify refuses a constraint without a value. */
function given(constraints: Constraints): Constraints {
  return Object.fromEntries(Object.entries(constraints).filter(([, value]) => value !== undefined));
}

function idOf({ method, url, constraints }: RouteSpec): string {
  const named = Object.entries(given(constraints)).map(([name, value]) => `${name}=${value}`);
  return [method, url.replace(/:\w+/, ":"), ...named].join(" ");
}

async function build(routes: readonly RouteSpec[], notes: string[]): Promise<FastifyInstance> {
  const app = await arranged({ routerOptions: { constraints: { tenant } as never } });
  app.addConstraintStrategy({ ...secret });
  app.register(probe("all", "observe", notes, PHASES));
  for (const [index, { method, url, constraints }] of routes.entries()) {
    app.register(async (child) => {
      child.register(probe(`only-${index}`, "spend", notes, PHASES));
      const options = { method, url, constraints: given(constraints), handler: async () => ({}) };
      child.route(options as RouteOptions);
    });
  }
  await app.ready();
  return app;
}

function ask(app: FastifyInstance, { method, url, brought }: RequestSpec) {
  const { host, version, tenant, secret } = brought;
  const headers = given({
    host,
    "accept-version": version,
    "x-tenant": tenant,
    "x-secret": secret,
  });
  return app.inject({ method: method as "GET", url, headers: headers as Record<string, string> });
}

it("what explain() says of a request with its constraints is what runs for it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(routeSpec, { selector: idOf, minLength: 6, maxLength: 18 }),
      fc.array(requestSpec, { minLength: 12, maxLength: 12 }),
      async (routes, requests) => {
        const notes: string[] = [];
        const app = await build(routes, notes);
        for (const request of requests) {
          const { method, url, brought } = request;
          const line = app.order.explain(method, url, { constraints: brought });
          const foretold = line.trace(line.kind === "route" ? "reply" : "not found");
          notes.length = 0;
          await ask(app, request);
          expect(notes, `${method} ${url} ${JSON.stringify(brought)}`).toEqual(foretold);
          counts.requests += 1;
          counts.found += line.kind === "route" ? 1 : 0;
          counts.hooks += foretold.length;
          expectSound(app, request, line);
        }
        await app.close();
      },
    ),
    { numRuns: SPECS, seed: SEED },
  );
}, 240_000);

/** An answer without constraints holds for every request that leads to a route at all. */
function expectSound(app: FastifyInstance, { method, url }: RequestSpec, line: Explanation): void {
  // What is asked by the pattern of a route is that route.
  if (PATTERNS.includes(url) || line.kind === "not-found") return;
  try {
    expect(app.order.explain(method, url).name).toBe(line.name);
  } catch (error) {
    expect(error).toMatchObject({ code: "ORDER_AMBIGUOUS_ROUTE" });
    counts.ambiguous += 1;
  }
}
