import { createApp, WAYS } from "@enfilade/line-testing";
import { createLogLines } from "@enfilade/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { trustedHost } from "../src/index.ts";
import { ask, hostApp } from "./apps.ts";
import { malformedHost } from "./arbitraries.ts";

describe.each(WAYS)("%s, a request", (way) => {
  test("for one of the hosts is answered", async () => {
    const app = await hostApp(way, { hosts: ["example.com", "*.example.org"] });

    expect(await ask(app, "example.com")).toMatchObject({ status: 200, body: "example.com" });
    expect((await ask(app, "a.example.org")).status).toBe(200);
    expect((await ask(app, "EXAMPLE.COM.:80")).status).toBe(200);
  });

  test("for another host is refused, and the body repeats nothing of it", async () => {
    const app = await hostApp(way, { hosts: ["example.com"] });

    const refused = await ask(app, "evil.example");

    expect(refused).toMatchObject({ status: 400, code: "TRUSTED_HOST_UNKNOWN" });
    expect(refused.body).not.toContain("evil");
  });

  test("for another host is refused where there is no route, too, and by HEAD without a body", async () => {
    const app = await hostApp(way, { hosts: ["example.com"] });

    expect(await ask(app, "evil.example", { url: "/nope" })).toMatchObject({ status: 400 });
    expect((await ask(app, "example.com", { url: "/nope" })).status).toBe(404);
    expect(await ask(app, "evil.example", { method: "HEAD" })).toMatchObject({
      status: 400,
      body: "",
    });
  });

  test("that names no one host is refused (case 53)", async () => {
    const app = await hostApp(way, { hosts: "*" });
    await app.ready();

    await fc.assert(
      // inject() has a Host of its own for an empty one; see sockets.test.ts.
      fc.asyncProperty(malformedHost.filter(Boolean), async (host) => {
        expect(await ask(app, host)).toMatchObject({ status: 400, code: "TRUSTED_HOST_MALFORMED" });
      }),
      { numRuns: 200 },
    );
  });

  test("for any host that is one is answered where that is said", async () => {
    const app = await hostApp(way, { hosts: "*" });

    expect((await ask(app, "whatever.example:1337")).status).toBe(200);
  });

  test("leaves what it named in the log, for whoever has to find out why", async () => {
    const log = createLogLines();
    const app = await hostApp(way, { hosts: ["example.com"] }, { logger: { stream: log.stream } });

    await ask(app, "evil.example:1337");
    await ask(app, `a@${"b".repeat(1000)}`);

    const [unknown, malformed] = log.items.flatMap(({ err }) => (err === undefined ? [] : [err]));
    expect(unknown).toMatchObject({ code: "TRUSTED_HOST_UNKNOWN", host: "evil.example:1337" });
    expect(malformed).toMatchObject({ host: `a@${"b".repeat(198)}` });
  });
});

describe.each(WAYS)("%s, a function", (way) => {
  test("decides about a host in its normal form", async () => {
    const app = await hostApp(way, {
      hosts: ({ hostname, port }) => hostname === "example.com" && port === 8080,
    });

    expect((await ask(app, "EXAMPLE.com.:8080")).status).toBe(200);
    expect((await ask(app, "example.com")).status).toBe(400);
  });

  test("may take its time", async () => {
    const app = await hostApp(way, { hosts: async ({ hostname }) => hostname === "example.com" });

    expect((await ask(app, "example.com")).status).toBe(200);
    expect(await ask(app, "evil.example")).toMatchObject({ code: "TRUSTED_HOST_UNKNOWN" });
  });

  test.each([
    ["throws", () => Promise.reject(new Error("the tenants' database is down"))],
    ["throws at once", () => fail()],
  ])("that %s lets nobody in", async (_how, hosts) => {
    const app = await hostApp(way, { hosts });

    expect((await ask(app, "example.com")).status).toBe(500);
  });

  test.each([
    ["a string", "yes"],
    ["1", 1],
    ["nothing", undefined],
    ["a promise of 1", Promise.resolve(1)],
    // Fastify waits for what a hook gives, and `then` need not give anything.
    ["false later, by a `then` that gives nothing", laterOf(false)],
  ])("that gives %s and not true lets nobody in", async (_what, verdict) => {
    const app = await hostApp(way, { hosts: (() => verdict) as never });

    expect((await ask(app, "example.com")).status).toBe(400);
  });

  test("is not asked about what is no host", async () => {
    let asked = 0;
    const app = await hostApp(way, {
      hosts: () => {
        asked += 1;
        return true;
      },
    });

    await ask(app, "a@b");

    expect(asked).toBe(0);
  });
});

describe.each(WAYS)("%s, a route", (way) => {
  test("may go without, for health checks that call an address", async () => {
    const app = await hostApp(way, { hosts: ["example.com"] });
    app.get("/health", { config: { trustedHost: false } }, async () => "well");

    expect((await ask(app, "10.0.0.7", { url: "/health" })).status).toBe(200);
    expect((await ask(app, "a@b", { url: "/health" })).status).toBe(200);
    expect((await ask(app, "10.0.0.7")).status).toBe(400);
  });

  test("may have hosts of its own, in place of the layer's", async () => {
    const app = await hostApp(way, { hosts: ["example.com"] });
    app.get("/admin", { config: { trustedHost: ["admin.example.com"] } }, async () => "admin");

    expect((await ask(app, "admin.example.com", { url: "/admin" })).status).toBe(200);
    expect((await ask(app, "example.com", { url: "/admin" })).status).toBe(400);
    expect((await ask(app, "admin.example.com")).status).toBe(400);
  });

  test("has its hosts although it was declared before the layer", async () => {
    const app = await createApp({ way });
    app.get("/admin", { config: { trustedHost: ["admin.example.com"] } }, async () => "admin");
    app.register(trustedHost, { hosts: ["example.com"] });

    expect((await ask(app, "admin.example.com", { url: "/admin" })).status).toBe(200);
    expect((await ask(app, "example.com", { url: "/admin" })).status).toBe(400);
  });
});

function fail(): never {
  throw new Error("the tenants' database is down");
}

/** What can be awaited, and is no promise. */
function laterOf(value: unknown): object {
  const then = (resolve: (value: unknown) => void) => queueMicrotask(() => resolve(value));
  return { then };
}
