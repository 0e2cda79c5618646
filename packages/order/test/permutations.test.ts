import { once } from "node:events";
import { createRecorder } from "@enfilade/testing";
import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { afterAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { Explanation, ResponseKind } from "../src/index.ts";
import { buildApp, pathTo } from "./app-build.ts";
import { type AppSpec, appSpec } from "./app-spec.ts";

/*
 * Random trees of scopes with random layers, hooks and routes, registered in random permutations. Two
 * properties hold them together: the order is the same for every permutation, and what explain() says is
 * what runs, hook by hook, on every route and every kind of response.
 */

const SPECS = 250;
const PERMUTATIONS = 8;
const SEED = Number(process.env.FC_SEED ?? 20260101);
const counts = { boots: 0, explanations: 0, exchanges: 0, hooks: 0 };

afterAll(() => {
  console.log(
    `permutations: ${counts.boots} boots, ${counts.explanations} explanations compared, ` +
      `${counts.exchanges} exchanges traced, ${counts.hooks} hooks in the order foretold`,
  );
});

it("the order is the same for every permutation of the registrations", async () => {
  await fc.assert(
    fc.asyncProperty(appSpec(PERMUTATIONS), async (spec) => {
      const seen = new Set<string>();
      for (const seed of spec.permutations) {
        const app = await buildApp(spec, seed, () => {});
        counts.boots += 1;
        const lines = everyRoute(spec).map((url) => describe(app.order.explain("GET", url)));
        counts.explanations += lines.length;
        seen.add(lines.join("\n"));
        await app.close();
      }
      expect(seen.size).toBe(1);
    }),
    { numRuns: SPECS, seed: SEED },
  );
}, 120_000);

it("what explain() foretells is what runs, on every route and every kind of response", async () => {
  await fc.assert(
    fc.asyncProperty(appSpec(1), async (spec) => {
      const notes = createRecorder<string>();
      const app = await buildApp(spec, spec.permutations[0] ?? 0, notes.record);
      await app.listen({ port: 0, host: "127.0.0.1" });
      let begun = 0;
      for (const { ask, method, url, kind } of exchanges(app, spec)) {
        const foretold = app.order.explain(method, url).trace(kind);
        await ask();
        await notes.until((items) => items.slice(begun).filter(isLayer).length >= foretold.length);
        const ran = notes.items.slice(begun);
        begun = notes.items.length;
        expect(inTwo(ran.filter(isLayer)), `${method} ${url}`).toEqual(inTwo(foretold));
        expectUsersInside(ran);
        counts.exchanges += 1;
        counts.hooks += foretold.length;
      }
      await app.close();
      expect(notes.items.length, "nothing runs after the end").toBe(begun);
    }),
    { numRuns: SPECS, seed: SEED },
  );
}, 240_000);

/** A settling does not wait for an `onResponse` that takes its time: each of the two is in order for itself. */
function inTwo(notes: readonly string[]): readonly string[][] {
  const afterwards = (note: string) => note.startsWith("onResponse ");
  return [notes.filter((note) => !afterwards(note)), notes.filter(afterwards)];
}

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly kind: ResponseKind;
  ask(): Promise<unknown>;
}

/** One exchange of every kind on every route, and on paths and methods that lead to no route. */
function exchanges(app: FastifyInstance, spec: AppSpec): Asked[] {
  const inject = (
    method: "GET" | "HEAD" | "OPTIONS" | "POST",
    url: string,
    kind: ResponseKind,
  ) => ({
    method,
    url,
    kind,
    ask: () => app.inject({ method, url }),
  });
  return spec.scopes.flatMap((_scope, index) => {
    const to = (route: string) => pathTo(spec, index, route);
    return [
      inject("GET", to("reply"), "reply"),
      inject("HEAD", to("reply"), "reply"),
      inject("GET", to("error"), "error"),
      inject("GET", to("stream"), "stream"),
      inject("GET", to("hijacked"), "hijacked"),
      inject("GET", to("missing"), "not found"),
      inject("OPTIONS", to("reply"), "not found"),
      inject("POST", to("reply"), "not found"),
      {
        method: "GET",
        url: to("upgrade"),
        kind: "upgrade",
        ask: () => upgrade(app, to("upgrade")),
      },
    ];
  });
}

async function upgrade(app: FastifyInstance, url: string): Promise<void> {
  const socket = new WebSocket(`${app.listeningOrigin.replace("http", "ws")}${url}`);
  await once(socket, "open");
  socket.send("close");
  await once(socket, "close");
}

function everyRoute(spec: AppSpec): string[] {
  return spec.scopes.flatMap((_scope, index) =>
    ["reply", "upgrade", "missing"].map((route) => pathTo(spec, index, route)),
  );
}

/** What explain() says, as a string to compare. */
function describe({ doors, phases, leftOut }: Explanation): string {
  return JSON.stringify({ doors, phases, leftOut });
}

function isLayer(note: string): boolean {
  return !note.includes("user-");
}

/** A user's own hooks come after every layer on the way in, and before every layer on the way out. */
function expectUsersInside(ran: readonly string[]): void {
  const users = ran.filter((note) => !isLayer(note));
  for (const user of users) {
    const [phase = ""] = user.split(" ");
    const layers = ran.flatMap((note, at) => (isLayer(note) && note.startsWith(phase) ? [at] : []));
    if (layers.length === 0) continue;
    const at = ran.indexOf(user);
    if (phase === "preHandler") expect(at).toBeGreaterThan(Math.max(...layers));
    else expect(at).toBeLessThan(Math.min(...layers));
  }
}
