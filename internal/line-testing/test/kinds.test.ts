import { listen, openExchange, requestHttp2 } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { answerInEveryKind, createApp, KINDS, WAYS, withHeaders } from "../src/index.ts";

describe.each(WAYS)("what is asked for is what comes, %s", (way) => {
  it.each(KINDS)("%s", async (_kind, request, status) => {
    const app = await createApp({ way });
    answerInEveryKind(app);
    const exchange = await openExchange(await listen(app), request);
    expect((await exchange.head()).status).toBe(status);
    await exchange.wholeBody();

    const overHttp2 = await createApp({ way, http2: true });
    answerInEveryKind(overHttp2);
    const response = await requestHttp2(await listen(overHttp2), request);
    expect(response.statusCode).toBe(status);
  });
});

it("has no route that no kind asks for", async () => {
  const app = await createApp();
  const routes: string[] = [];
  app.addHook("onRoute", ({ url }) => void routes.push(url));
  answerInEveryKind(app);
  const asked = KINDS.map(([, { path }]) => path);
  expect(new Set([...routes, "/nowhere"])).toEqual(new Set(asked));
});

it("sends the headers of one's own wherever a handler makes them itself", async () => {
  const app = await createApp();
  answerInEveryKind(app, { "X-Own": "1" });
  await app.ready();
  const carriers: string[] = [];
  for (const [kind, request] of KINDS) {
    if ((await app.inject(request)).headers["x-own"] === "1") carriers.push(kind);
  }
  expect(carriers).toEqual([
    "a web Response",
    "one that a handler writes by itself",
    "server-sent events written by hand",
  ]);
});

it("adds headers to a request, and keeps those that it has", () => {
  const request = { path: "/body", headers: { "content-type": "application/json" } };
  expect(withHeaders(request, { origin: "https://a.example" })).toEqual({
    path: "/body",
    headers: { "content-type": "application/json", origin: "https://a.example" },
  });
  expect(withHeaders({ path: "/" }, { a: "b" })).toEqual({ path: "/", headers: { a: "b" } });
});
