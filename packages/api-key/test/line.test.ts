import { auth } from "@enfilade/auth";
import { createApp, inAnyOrder, type Registration, WAYS } from "@enfilade/line-testing";
import { createLogLines } from "@enfilade/testing";
import { expect, it } from "vitest";
import { apiKey, generateKey } from "../src/index.ts";
import { ANN, ANN_RECORD, make } from "./support.ts";

it("stands in place authenticate, and authorize comes after it", async () => {
  const app = await make({ keys: [ANN_RECORD] }, { way: "in line" });
  await app.ready();
  expect(app.order.explain("GET", "/").doors).toMatchObject([
    { layer: "api-key", place: "authenticate" },
    { layer: "auth", place: "authorize" },
  ]);
});

it("comes to the same verdicts whatever the order of registration, in line", async () => {
  const registrations: Registration[] = [
    (app) => app.register(apiKey, { keys: [ANN_RECORD] }),
    (app) => app.register(auth),
    (app) =>
      app.register(async (child) => {
        child.get("/", { config: { access: { scopes: ["agents:run"] } } }, async () => "in");
        child.get("/other", { config: { access: { scopes: ["teams:run"] } } }, async () => "in");
        child.get("/open", { config: { public: true } }, async () => "in");
      }),
  ];
  await inAnyOrder(registrations, async (app) => {
    const statuses: number[] = [];
    for (const headers of [{}, { "x-api-key": generateKey().key }, { "x-api-key": ANN.key }]) {
      for (const url of ["/", "/other", "/open", "/nowhere"]) {
        statuses.push((await app.inject({ url, headers })).statusCode);
      }
    }
    expect(statuses).toEqual([401, 401, 200, 401, 401, 401, 200, 401, 200, 403, 200, 404]);
  });
});

it.each(WAYS)("warns of keys in the query, %s", async (way) => {
  const log = createLogLines();
  const logger = { level: "warn", stream: log.stream };
  const app = await make({ keys: [ANN_RECORD], sources: ["query"] }, { way, logger });
  await app.ready();
  await log.find(({ code }) => code === "API_KEY_IN_QUERY");
});

it("keeps two registrations apart, one in each of two scopes", async () => {
  const app = await createApp({ way: "in line" });
  const bob = generateKey();
  for (const [prefix, record] of [
    ["/ann", ANN_RECORD],
    ["/bob", { id: "bob", hash: bob.hash }],
  ] as const) {
    app.register(
      async (child) => {
        await child.register(apiKey, { keys: [record] });
        child.get("/", async ({ principal }) => principal?.id);
      },
      { prefix },
    );
  }
  const call = async (url: string, key: string) =>
    (await app.inject({ url, headers: { "x-api-key": key } })).statusCode;
  expect([await call("/ann", ANN.key), await call("/ann", bob.key)]).toEqual([200, 401]);
  expect([await call("/bob", ANN.key), await call("/bob", bob.key)]).toEqual([401, 200]);
});
