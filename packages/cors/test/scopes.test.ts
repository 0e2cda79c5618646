import { createApp, WAYS } from "@enfilade/line-testing";
import websocket from "@fastify/websocket";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { cors } from "../src/index.ts";
import { APP, EVIL, preflight } from "./apps.ts";

const ADMIN = "https://admin.example";

async function allowed(app: FastifyInstance, url: string, origin: string): Promise<unknown> {
  const { headers } = await app.inject({ method: "PUT", url, headers: { origin } });
  const answer = await preflight(app, url, { origin });
  const value = headers["access-control-allow-origin"];
  expect(answer.headers["access-control-allow-origin"]).toBe(value);
  return value;
}

describe.each(WAYS)("in a scope of its own, %s", (way) => {
  it("answers the preflights of its scope and of no other", async () => {
    const app = await createApp({ way });
    app.put("/outside", async () => "ok");
    await app.register(async (child) => {
      await child.register(cors, { origin: APP });
      child.put("/inside", async () => "ok");
      await child.register(async (inner) => void inner.put("/deep", async () => "ok"));
    });
    await app.register(async (sibling) => void sibling.put("/sibling", async () => "ok"));
    expect(await allowed(app, "/inside", APP)).toBe(APP);
    expect(await allowed(app, "/deep", APP)).toBe(APP);
    expect(await allowed(app, "/inside", EVIL)).toBeUndefined();
    for (const url of ["/outside", "/sibling", "/nowhere", "/inside/x"]) {
      expect(await allowed(app, url, APP)).toBeUndefined();
      expect((await preflight(app, url)).statusCode).toBe(404);
    }
  });

  it("answers by method where scopes share a path", async () => {
    const app = await createApp({ way });
    await app.register(async (child) => {
      await child.register(cors, { origin: APP });
      child.get("/shared", async () => "read");
    });
    await app.register(async (child) => {
      await child.register(cors, { origin: ADMIN });
      child.put("/shared", async () => "write");
    });
    app.delete("/shared", async () => "nobody's");
    const status = async (method: string, origin: string) =>
      (await preflight(app, "/shared", { method, origin })).statusCode;
    expect(await status("GET", APP)).toBe(204);
    expect(await status("GET", ADMIN)).toBe(403);
    expect(await status("PUT", ADMIN)).toBe(204);
    expect(await status("PUT", APP)).toBe(403);
    expect(await status("DELETE", APP)).toBe(404);
  });

  it("takes the place of the one further out, whichever is registered first", async () => {
    for (const late of [false, true]) {
      const app = await createApp({ way });
      const outer = () => app.register(cors, { origin: APP });
      if (!late) await outer();
      await app.register(
        async (child) => {
          await child.register(cors, {
            origin: ADMIN,
            credentials: true,
            ...(way === "in line" && { layer: { override: true } }),
          });
          child.put("/", async () => "admin");
        },
        { prefix: "/admin" },
      );
      if (late) await outer();
      app.put("/", async () => "ok");
      expect(await allowed(app, "/", APP)).toBe(APP);
      expect(await allowed(app, "/", ADMIN)).toBeUndefined();
      expect(await allowed(app, "/admin", ADMIN)).toBe(ADMIN);
      expect(await allowed(app, "/admin", APP)).toBeUndefined();
    }
  });

  it("comes before a guard of the root's, for preflights", async () => {
    const app = await createApp({ way });
    await app.register(async (child) => {
      await child.register(cors, { origin: APP });
      child.put("/inside", async () => "ok");
    });
    app.addHook("onRequest", async (_request, reply) => reply.code(401).send({}));
    app.put("/outside", async () => "ok");
    expect((await preflight(app, "/inside")).statusCode).toBe(204);
    expect((await preflight(app, "/outside")).statusCode).toBe(401);
  });

  it("reaches a not-found handler of its own", async () => {
    const app = await createApp({ way });
    await app.register(
      async (child) => {
        await child.register(cors, { origin: APP });
        child.setNotFoundHandler((_request, reply) => void reply.code(404).send({ child: true }));
      },
      { prefix: "/api" },
    );
    const response = await app.inject({ url: "/api/x", headers: { origin: APP } });
    expect(response.json()).toEqual({ child: true });
    expect(response.headers["access-control-allow-origin"]).toBe(APP);
    expect((await preflight(app, "/api/x")).statusCode).toBe(204);
    expect((await preflight(app, "/x")).statusCode).toBe(404);
  });
});

it("is refused twice in the very same instance", async () => {
  const app = await createApp();
  await app.register(cors, { origin: APP });
  await expect(app.register(cors, { origin: ADMIN })).rejects.toMatchObject({
    code: "CORS_REGISTERED_TWICE",
  });
});

it("knows in line the routes that were declared before it", async () => {
  const app = await createApp({ way: "in line" });
  app.put("/early", { config: { cors: { origin: ADMIN } } }, async () => "ok");
  await app.register(async (child) => {
    child.put("/child", async () => "ok");
    child.register(cors, { origin: EVIL, layer: { override: true } });
    child.put("/unawaited", async () => "ok");
  });
  app.register(cors, { origin: APP });
  app.put("/sync", { config: { cors: false } }, async () => "ok");
  expect(await allowed(app, "/early", ADMIN)).toBe(ADMIN);
  expect(await allowed(app, "/early", APP)).toBeUndefined();
  expect(await allowed(app, "/child", EVIL)).toBe(EVIL);
  expect(await allowed(app, "/unawaited", EVIL)).toBe(EVIL);
  expect((await preflight(app, "/sync")).statusCode).toBe(404);
});

it("is left out where the order leaves it out, of preflights too", async () => {
  const app = await createApp({ way: "in line" });
  await app.register(cors, { origin: APP });
  app.put("/skips", { config: { skip: ["cors"] } }, async () => "ok");
  await app.register(async (child) => {
    child.order.skip("cors");
    child.put("/scope", async () => "ok");
  });
  app.put("/", async () => "ok");
  for (const url of ["/skips", "/scope"]) {
    const { headers } = await app.inject({ method: "PUT", url, headers: { origin: APP } });
    expect(headers).not.toHaveProperty("access-control-allow-origin");
    expect((await preflight(app, url)).statusCode).toBe(404);
  }
  expect(await allowed(app, "/", APP)).toBe(APP);
});

it("stands at the place share, outside all that can refuse", async () => {
  const app = await createApp({ way: "in line" });
  await app.register(cors, { origin: APP });
  app.get("/", async () => "ok");
  await app.ready();
  const [door] = app.order.explain("GET", "/").doors;
  expect(door).toMatchObject({
    layer: "cors",
    place: "share",
    inward: ["onRequest"],
    outward: ["onHeaders"],
  });
});

it("shares nothing between two apps in one process", async () => {
  const one = await createApp();
  const two = await createApp();
  await one.register(cors, { origin: APP });
  await two.register(cors, { origin: ADMIN });
  one.put("/", { config: { cors: { origin: EVIL } } }, async () => "ok");
  two.put("/", async () => "ok");
  expect(await allowed(one, "/", EVIL)).toBe(EVIL);
  expect(await allowed(two, "/", ADMIN)).toBe(ADMIN);
  expect(await allowed(two, "/", EVIL)).toBeUndefined();
});

it("leaves plugins that declare routes of their own in peace", async () => {
  const app = await createApp();
  await app.register(websocket);
  await app.register(cors, { origin: APP });
  app.options("*", async () => "the application's own");
  expect((await app.inject({ method: "OPTIONS", url: "/x" })).body).toBe("the application's own");
  expect((await preflight(app, "/x")).statusCode).toBe(204);
});
