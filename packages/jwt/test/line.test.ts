import apiKey, { generateKey } from "@enfilade/api-key";
import { auth, onAuthenticationFailure } from "@enfilade/auth";
import { createApp, inAnyOrder, type Registration, WAYS } from "@enfilade/line-testing";
import fastifyJwt from "@fastify/jwt";
import type { FastifyPluginAsync } from "fastify";
import { expect, expectTypeOf, it } from "vitest";
import byDefault, { createSigner, type JwtOptions, jwt } from "../src/index.ts";
import { call, forge, hs, make, SECRET, soon } from "./support.ts";

const keys = [{ secret: SECRET }];

it("is one plugin under both names", () => {
  expect(byDefault).toBe(jwt);
  expectTypeOf(jwt).toExtend<FastifyPluginAsync<JwtOptions>>();
});

it("comes to the same verdicts beside API keys whatever the order of registration, in line", async () => {
  const { key, hash } = generateKey();
  const registrations: Registration[] = [
    (app) => app.register(jwt, { keys }),
    (app) => app.register(apiKey, { keys: [{ id: "ci", hash }] }),
    (app) => app.register(auth),
    (app) =>
      app.register(async (child) => {
        const config = { access: "authenticated" as const };
        child.get("/", { config }, async ({ principal }) => `${principal?.kind} ${principal?.id}`);
        child.get("/open", { config: { public: true } }, async () => "open");
      }),
  ];
  const requests = [
    [{}, 401],
    [{ authorization: `Bearer ${hs()}` }, "jwt ann"],
    [{ authorization: `Bearer ${key}` }, "api-key ci"],
    [{ "x-api-key": key }, "api-key ci"],
    [{ "x-api-key": key, authorization: `Bearer ${hs()}` }, "api-key ci"],
    [{ "x-api-key": key, authorization: "Bearer bad" }, "api-key ci"],
    [{ "x-api-key": "bad", authorization: `Bearer ${hs()}` }, 401],
    [{ authorization: `Bearer ${generateKey().key}` }, 401],
    [{ authorization: `Bearer ${hs()}x` }, 401],
    [{ authorization: "Bearer opaque" }, 401],
  ] as const;
  await inAnyOrder(registrations, async (app) => {
    await app.ready();
    expect(app.order.explain("GET", "/").doors).toMatchObject([
      { layer: "api-key" },
      { layer: "jwt" },
      { layer: "auth" },
    ]);
    for (const [headers, expected] of requests) {
      const { statusCode, body } = await app.inject({ url: "/", headers });
      expect(typeof expected === "number" ? statusCode : body).toBe(expected);
      expect((await app.inject({ url: "/open", headers })).body).toBe("open");
    }
  });
});

it.each(WAYS)("leaves tokens of another issuer to the one that trusts it, %s", async (way) => {
  const app = await createApp({ way });
  const second = "second secret, of 32 bytes or more";
  await app.register(jwt, { keys, issuer: "https://a.example" });
  await app.register(jwt, {
    keys: [{ secret: second }],
    issuer: "https://b.example",
    layer: { name: "jwt-partner" },
  });
  await app.register(auth);
  app.get("/", { config: { access: "authenticated" } }, async ({ principal }) => principal?.id);
  const sign = (key: string, issuer: string) => createSigner({ key, issuer })({ sub: issuer });
  expect((await call(app, sign(SECRET, "https://a.example"))).body).toBe("https://a.example");
  expect((await call(app, sign(second, "https://b.example"))).body).toBe("https://b.example");
  for (const token of [
    sign(SECRET, "https://b.example"),
    sign(second, "https://a.example"),
    sign(SECRET, "https://c.example"),
  ]) {
    const refused = await call(app, token);
    expect(refused.statusCode).toBe(401);
    expect(refused.headers["www-authenticate"]).toContain('error="invalid_token"');
  }
});

it("tells who listens of tokens that do not hold, once each, and of nothing else", async () => {
  const app = await make();
  const codes: unknown[] = [];
  onAuthenticationFailure(app, ({ authenticator, error }) =>
    codes.push(`${authenticator} ${error.code}`),
  );
  await app.inject("/");
  await call(app, hs());
  await call(app, hs({ exp: 1 }));
  await call(app, "opaque");
  await call(app, forge({ alg: "none" }, { sub: "ann", exp: soon() }));
  expect(codes).toEqual(["jwt JWT_EXPIRED", "jwt JWT_INVALID", "jwt JWT_INVALID"]);
});

it("refuses by itself, where auth is not registered", async () => {
  const app = await createApp();
  await app.register(jwt, { keys });
  app.get("/", async ({ principal }) => principal?.id);
  expect((await app.inject("/")).headers["www-authenticate"]).toBe("Bearer");
  expect((await call(app, hs())).body).toBe("ann");
});

it("stands beside @fastify/jwt, and verifies what that has signed", async () => {
  const app = await createApp({ way: "in line" });
  await app.register(fastifyJwt, { secret: SECRET, sign: { expiresIn: "5m" } });
  await app.register(jwt, { keys });
  await app.register(auth);
  app.post("/login", { config: { public: true } }, async (_request, reply) =>
    reply.jwtSign({ sub: "ann" }),
  );
  app.get("/", { config: { access: "authenticated" } }, async ({ principal }) => principal?.id);
  const token = (await app.inject({ method: "POST", url: "/login" })).body;
  expect((await call(app, token)).body).toBe("ann");
  expect((await call(app, app.jwt.sign({ sub: "bob" }))).body).toBe("bob");
});
