import { createApp, WAYS } from "@enfilade/line-testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cors } from "../src/index.ts";
import { APP, corsApp, corsHeaders, EVIL, preflight } from "./apps.ts";

const PARTNER = "https://partner.example";

describe.each(WAYS)("a preflight, %s", (way) => {
  it("is answered with 204 and no body, before anything that would refuse it", async () => {
    const app = await createApp({ way });
    await app.register(cors, { origin: APP });
    app.addHook("onRequest", async (_request, reply) => reply.code(401).send({ error: "who?" }));
    app.put("/run", async () => "never");
    const answer = await preflight(app, "/run");
    expect(answer.statusCode).toBe(204);
    expect(answer.body).toBe("");
    expect(answer.headers["access-control-allow-origin"]).toBe(APP);
    const refused = await app.inject({ method: "PUT", url: "/run", headers: { origin: APP } });
    expect(refused.statusCode).toBe(401);
    expect(refused.headers["access-control-allow-origin"]).toBe(APP);
  });

  it("from another origin is refused with 403, unread by the page and varying all the same", async () => {
    const app = await corsApp({ origin: APP, credentials: true }, { way });
    const answer = await preflight(app, "/", { origin: EVIL });
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({ code: "CORS_ORIGIN_REFUSED", statusCode: 403 });
    expect(corsHeaders(answer)).toEqual({ vary: "Access-Control-Request-Method, Origin" });
  });

  it("follows the policy of the route that it asks about", async () => {
    const app = await createApp({ way });
    await app.register(cors, { origin: APP, methods: ["PUT"], maxAgeSeconds: 60 });
    const route = { config: { cors: { origin: PARTNER, methods: ["PUT", "DELETE"] } } };
    app.put("/runs/:id", async () => "own");
    app.delete("/runs/:id", route, async () => "partner's");
    app.get(
      "/files/*",
      { config: { cors: { origin: "*", allowedHeaders: ["range"] } } },
      async () => "",
    );

    const own = await preflight(app, "/runs/7?x=1");
    expect(corsHeaders(own)).toMatchObject({
      "access-control-allow-origin": APP,
      "access-control-allow-methods": "PUT",
      "access-control-max-age": "60",
    });
    expect((await preflight(app, "/runs/7", { method: "DELETE" })).statusCode).toBe(403);
    const theirs = await preflight(app, "/runs/7", { method: "DELETE", origin: PARTNER });
    expect(corsHeaders(theirs)).toMatchObject({
      "access-control-allow-origin": PARTNER,
      "access-control-allow-methods": "PUT, DELETE",
      "access-control-max-age": "60",
    });
    const file = await preflight(app, "/files/a/b", { method: "GET", origin: EVIL });
    expect(corsHeaders(file)).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-allow-headers": "range",
    });
    expect((await preflight(app, "/nowhere", { origin: PARTNER })).statusCode).toBe(403);
    expect((await preflight(app, "/nowhere")).statusCode).toBe(204);
  });

  it("and the request that follows it are judged alike, wherever the route is", async () => {
    const app = await createApp({ way });
    await app.register(cors, { origin: APP });
    const origins = { own: undefined, partner: { origin: PARTNER }, all: { origin: "*" } } as const;
    for (const [name, policy] of Object.entries(origins)) {
      const config = policy === undefined ? {} : { cors: policy };
      await app.register(
        async (child) => {
          child.put("/", { config }, async () => name);
          child.put("/:id", { config }, async () => name);
          child.all("/any", { config }, async () => name);
        },
        { prefix: `/${name}` },
      );
    }
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("own", "partner", "all", "nowhere"),
        fc.constantFrom("", "/", "/7", "/any", "/%37", "/a/b", "//", "/7/", "?q", "/7#f"),
        fc.constantFrom(APP, PARTNER, EVIL, "null"),
        async (scope, path, origin) => {
          const url = `/${scope}${path}`;
          const headers = { origin };
          const actual = await app.inject({ method: "PUT", url, headers });
          const answer = await preflight(app, url, { origin });
          const allowed = actual.headers["access-control-allow-origin"];
          expect(answer.headers["access-control-allow-origin"]).toBe(allowed);
          expect(answer.statusCode).toBe(allowed === undefined ? 403 : 204);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("is not answered for a route that wants no CORS, nor are its responses", async () => {
    const app = await createApp({ way });
    await app.register(cors, { origin: APP });
    app.put("/own", { config: { cors: false } }, (_request, reply) =>
      reply.header("access-control-allow-origin", "https://its.own").send("ok"),
    );
    app.options("/own", { config: { cors: false } }, (_request, reply) =>
      reply.header("x-by", "handler").code(200).send("own answer"),
    );
    app.put("/off", { config: { cors: false } }, async () => "ok");
    expect((await preflight(app, "/off")).statusCode).toBe(404);
    const own = await preflight(app, "/own");
    expect(own.headers["x-by"]).toBe("handler");
    expect(corsHeaders(own)).toEqual({});
    const actual = await app.inject({ method: "PUT", url: "/own", headers: { origin: APP } });
    expect(corsHeaders(actual)).toEqual({ "access-control-allow-origin": "https://its.own" });
  });

  it("is one only with an origin and a method: other OPTIONS requests go their way", async () => {
    const app = await createApp({ way });
    await app.register(cors, { origin: APP });
    app.options("/own", async () => "handled");
    const origin = { origin: APP };
    const method = { "access-control-request-method": "PUT" };
    const empty = { ...origin, "access-control-request-method": "" };
    for (const headers of [{}, origin, method, empty, { ...method, origin: "" }]) {
      const own = await app.inject({ method: "OPTIONS", url: "/own", headers });
      expect(own.body).toBe("handled");
      expect((await app.inject({ method: "OPTIONS", url: "/x", headers })).statusCode).toBe(404);
      const get = await app.inject({ method: "GET", url: "/x", headers: { ...origin, ...method } });
      expect(get.statusCode).toBe(404);
    }
    const both = await app.inject({
      method: "OPTIONS",
      url: "/own",
      headers: { ...origin, ...method },
    });
    expect(both.statusCode).toBe(204);
  });

  it("is answered before a route of the application's own for OPTIONS, a proxy's for one", async () => {
    const app = await createApp({ way });
    await app.register(cors, { origin: APP });
    app.all("/proxy/*", async () => "upstream");
    const answer = await preflight(app, "/proxy/a", { method: "DELETE" });
    expect(answer.statusCode).toBe(204);
  });

  it("gives back only what is a list of header names", async () => {
    const app = await corsApp({ origin: APP }, { way });
    const name = "access-control-request-headers";
    for (const list of ["authorization", "x-a,x-b", "a , b\t,c", "x".repeat(4096)]) {
      const answer = await preflight(app, "/", { headers: { [name]: list } });
      expect(answer.headers["access-control-allow-headers"]).toBe(list);
    }
    for (const list of ["", ",", "a,,b", "a b", "a;b", "<script>", `${"x".repeat(4096)}y`, "ä"]) {
      const answer = await preflight(app, "/", { headers: { [name]: list } });
      expect(answer.statusCode, list).toBe(400);
      expect(answer.json().code).toBe("CORS_INVALID_PREFLIGHT");
      expect(answer.headers).not.toHaveProperty("access-control-allow-headers");
    }
  });

  it("waits for a function that takes its time", async () => {
    const app = await corsApp({ origin: async (origin) => origin === APP }, { way });
    expect((await preflight(app, "/")).statusCode).toBe(204);
    expect((await preflight(app, "/", { origin: EVIL })).statusCode).toBe(403);
    const failing = await corsApp({ origin: () => Promise.reject(new Error("down")) }, { way });
    const answer = await preflight(failing, "/");
    expect(answer.statusCode).toBe(500);
    expect(corsHeaders(answer)).toEqual({ vary: "Access-Control-Request-Method, Origin" });
  });

  it("never has the request's own Vary, or anything else of it, in its answer", async () => {
    const app = await corsApp({ origin: [APP, "https://*.app.example"] }, { way });
    await fc.assert(
      fc.asyncProperty(
        fc.stringMatching(/^[a-z*, -]{1,20}$/),
        fc.constantFrom("OPTIONS", "GET"),
        async (vary, method) => {
          const headers = { origin: APP, "access-control-request-method": "PUT", vary };
          const response = await app.inject({ method: method as "GET", url: "/", headers });
          expect(response.headers.vary).toBe(
            method === "GET"
              ? "Origin"
              : "Access-Control-Request-Method, Origin, Access-Control-Request-Headers",
          );
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("the route that a preflight asks about is found as Fastify finds it", () => {
  const narrow = { config: { cors: { origin: PARTNER } } };

  it("under the options of the app's router, in both their forms", async () => {
    for (const server of [
      { ignoreTrailingSlash: true, caseSensitive: false, ignoreDuplicateSlashes: true },
      {
        routerOptions: {
          ignoreTrailingSlash: true,
          caseSensitive: false,
          ignoreDuplicateSlashes: true,
        },
      },
    ]) {
      const app = await createApp(server);
      await app.register(cors, { origin: APP });
      app.put("/Runs/mine", narrow, async () => "ok");
      for (const url of ["/runs/mine", "/RUNS/mine/", "//runs//mine"]) {
        const headers = { origin: PARTNER };
        const { statusCode } = await app.inject({ method: "PUT", url, headers });
        expect(statusCode, url).toBe(200);
        expect((await preflight(app, url, headers)).statusCode, url).toBe(204);
        expect((await preflight(app, url)).statusCode, url).toBe(403);
      }
    }
  });

  it("by its host, where hosts decide", async () => {
    const app = await createApp();
    await app.register(cors, { origin: APP });
    app.put(
      "/",
      { constraints: { host: "partner.api.example" }, ...narrow },
      async () => "partner",
    );
    app.put(
      "/",
      { constraints: { host: /^.*\.tenant\.example$/ }, config: { cors: false } },
      async () => "",
    );
    app.put("/", async () => "own");
    const ask = async (host: string, origin: string) =>
      (await preflight(app, "/", { origin, headers: { host } })).statusCode;
    expect(await ask("partner.api.example", PARTNER)).toBe(204);
    expect(await ask("partner.api.example", APP)).toBe(403);
    expect(await ask("api.example", APP)).toBe(204);
    expect(await ask("a.tenant.example", APP)).toBe(404);
  });

  it("by every version of it: a preflight does not say which is meant, and all must agree", async () => {
    const app = await createApp();
    await app.register(cors, { origin: [APP, PARTNER] });
    app.put("/v", { constraints: { version: "1.0.0" } }, async () => "1");
    app.put("/v", { constraints: { version: "2.0.0" }, ...narrow }, async () => "2");
    expect((await preflight(app, "/v", { origin: PARTNER })).statusCode).toBe(204);
    expect((await preflight(app, "/v", { origin: APP })).statusCode).toBe(403);
  });

  it("below a prefix, with and without its slash", async () => {
    const app = await createApp();
    await app.register(cors, { origin: APP });
    await app.register(async (child) => void child.put("/", narrow, async () => "ok"), {
      prefix: "/api",
    });
    for (const url of ["/api", "/api/"]) {
      expect((await preflight(app, url, { origin: PARTNER })).statusCode).toBe(204);
      expect((await preflight(app, url)).statusCode).toBe(403);
    }
  });

  it("for a method of the application's own, and for one that nobody has heard of", async () => {
    const app = await createApp();
    await app.register(cors, { origin: APP });
    app.addHttpMethod("PURGE");
    app.route({ method: "PURGE" as "GET", url: "/", ...narrow, handler: async () => "ok" });
    expect((await preflight(app, "/", { method: "PURGE", origin: PARTNER })).statusCode).toBe(204);
    for (const method of ["BREW", "__proto__", "constructor", "get", "GET, PUT"]) {
      expect((await preflight(app, "/", { method, origin: PARTNER })).statusCode).toBe(403);
      expect((await preflight(app, "/", { method })).statusCode).toBe(204);
    }
  });

  it("in whatever form the target of the request has", async () => {
    const app = await createApp();
    await app.register(cors, { origin: APP });
    app.put("/runs/:id", narrow, async () => "ok");
    expect(
      (await preflight(app, "http://api.example/runs/7", { origin: PARTNER })).statusCode,
    ).toBe(204);
  });
});

it("checks the options of a route when the app is ready, and names it", async () => {
  for (const [policy, code] of [
    [{ origins: [APP] }, "CORS_INVALID_OPTION"],
    ["https://app.example", "CORS_INVALID_OPTION"],
    [null, "CORS_INVALID_OPTION"],
    [{ origin: /https:\/\/(a+)+/ }, "CORS_UNSAFE_PATTERN"],
  ] as const) {
    const app = await createApp();
    await app.register(cors, { origin: APP });
    app.get("/one", { config: { cors: policy as never } }, async () => "");
    await expect(app.ready()).rejects.toMatchObject({
      code,
      message: expect.stringContaining("config.cors of GET /one"),
    });
  }
});
