import { defineLayer } from "@enfilade/layer";
import { createApp, inAnyOrder, outer, WAYS } from "@enfilade/line-testing";
import { listen, openExchange } from "@enfilade/testing";
import { expect, test } from "vitest";
import { trustedHost } from "../src/index.ts";
import { ask, hostApp } from "./apps.ts";

const inner = defineLayer({
  name: "inner",
  place: "authenticate",
  setup: () => ({
    onRequest() {
      throw Object.assign(new Error("Who are you?"), { statusCode: 401 });
    },
  }),
});

test("stands at its place, before anybody is asked who they are", async () => {
  const app = await createApp({ way: "in line" });
  await app.register(inner);
  await app.register(trustedHost, { hosts: ["example.com"] });
  app.get("/", async () => "here");
  await app.ready();

  expect(app.order.explain("GET", "/").doors).toMatchObject([
    { layer: "trusted-host", place: "host" },
    { layer: "inner", place: "authenticate" },
  ]);
  expect((await ask(app, "evil.example")).status).toBe(400);
  expect((await ask(app, "example.com")).status).toBe(401);
});

test("refuses the same whatever the order of registration, and what it refuses has all headers", async () => {
  await inAnyOrder(
    [
      (app) => app.register(trustedHost, { hosts: ["example.com"] }),
      (app) => app.register(outer),
      (app) => app.register(inner),
      (app) => app.get("/", async () => "here"),
      (app) => app.register(async (scope) => void scope.get("/scope", async () => "here")),
    ],
    async (app) => {
      for (const url of ["/", "/scope", "/nope"]) {
        const response = await app.inject({ url, headers: { host: "evil.example" } });
        expect(response.json()).toMatchObject({ code: "TRUSTED_HOST_UNKNOWN" });
        expect(response.headers["x-outer"]).toBe("yes");
        expect((await ask(app, "example.com", { url })).status).toBe(401);
      }
    },
  );
});

test("in a scope it guards that scope, and its override another", async () => {
  const app = await createApp({ way: "in line" });
  await app.register(trustedHost, { hosts: ["example.com"] });
  app.get("/", async () => "here");
  app.register(async (scope) => {
    await scope.register(trustedHost, { hosts: ["admin.example"], layer: { override: true } });
    scope.get("/admin", async () => "admin");
  });

  expect((await ask(app, "admin.example")).status).toBe(400);
  expect((await ask(app, "admin.example", { url: "/admin" })).status).toBe(200);
  expect((await ask(app, "example.com", { url: "/admin" })).status).toBe(400);
});

test.each(WAYS)(
  "%s, neither a hijacked reply nor a stream is begun for another host",
  async (way) => {
    const app = await hostApp(way, { hosts: ["127.0.0.1"] });
    app.get("/hijacked", (_request, reply) => void reply.hijack().raw.end("mine"));
    app.get("/stream", (_request, reply) => {
      reply.hijack().raw.write("data: 1\n\n");
    });
    const origin = await listen(app);
    const open = (path: string, headers = {}) => openExchange(origin, { path, headers });

    expect(await (await open("/hijacked")).wholeBody()).toBe("mine");
    expect(await (await open("/stream")).bodyUntil("data: 1")).toContain("data: 1");
    for (const path of ["/hijacked", "/stream"]) {
      expect((await (await open(path, { host: "evil.example" })).head()).status).toBe(400);
    }
  },
);
