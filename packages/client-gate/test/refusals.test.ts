import { errors } from "@enfilade/errors";
import { createApp, WAYS } from "@enfilade/line-testing";
import { describe, expect, test } from "vitest";
import type { Refusal } from "../src/index.ts";
import { clientGate } from "../src/index.ts";
import { ask, gateApp } from "./apps.ts";

describe.each(WAYS)("%s, a refusal", (way) => {
  const refusedWith = async (refusal: Refusal) =>
    ask(await gateApp(way, { refuse: [{ name: "all", userAgent: "App", ...refusal }] }), {
      as: "App/1",
    });

  test("has its status, its headers and its body", async () => {
    const refused = await refusedWith({
      status: 410,
      body: { error: { type: "gone", upgrade: "https://example.com/new" } },
      headers: { Link: '<https://example.com/new>; rel="successor-version"' },
    });

    expect(refused).toMatchObject({
      status: 410,
      body: '{"error":{"type":"gone","upgrade":"https://example.com/new"}}',
      headers: {
        "content-type": "application/json; charset=utf-8",
        link: '<https://example.com/new>; rel="successor-version"',
      },
    });
  });

  test("with a string for a body is text, unless it says what it is", async () => {
    expect((await refusedWith({ body: "Gone." })).headers["content-type"]).toBe(
      "text/plain; charset=utf-8",
    );
    const html = await refusedWith({ body: "<p>Gone.", headers: { "Content-Type": "text/html" } });
    expect(html).toMatchObject({ body: "<p>Gone.", headers: { "content-type": "text/html" } });
    expect(await refusedWith({ body: "" })).toMatchObject({ status: 403, body: "" });
  });

  test("stays out of caches, which would give it to others, unless it says otherwise", async () => {
    expect((await refusedWith({ status: 410 })).headers["cache-control"]).toBe("no-store");
    expect((await refusedWith({ body: "no" })).headers["cache-control"]).toBe("no-store");
    const headers = { "cache-control": "private, max-age=60" };
    for (const more of [{}, { body: "no" }]) {
      expect((await refusedWith({ headers, ...more })).headers["cache-control"]).toBe(
        "private, max-age=60",
      );
    }
  });

  test("with status 426 says by Upgrade, and the option that goes with it, to what", async () => {
    for (const more of [{}, { body: "Upgrade." }]) {
      const refused = await refusedWith({ status: 426, headers: { Upgrade: "acme/2" }, ...more });
      expect(refused).toMatchObject({
        status: 426,
        headers: { upgrade: "acme/2", connection: "upgrade" },
      });
    }
  });

  test("changes nothing of the next one: what a client does to it is its own", async () => {
    const body = { error: "gone" };
    const app = await gateApp(way, { refuse: [{ name: "all", userAgent: "App", body }] });
    body.error = "changed";
    app.addHook("onSend", async (_request, reply) => void reply.header("x-seen", "yes"));

    for (let time = 0; time < 2; time += 1) {
      expect(await ask(app, { as: "App/1" })).toMatchObject({
        body: '{"error":"gone"}',
        headers: { "x-seen": "yes" },
      });
    }
  });
});

test.each(WAYS)("%s, a refusal without a body has the envelope of all errors", async (way) => {
  const app = await createApp({ way });
  await app.register(errors);
  await app.register(clientGate, {
    refuse: [
      { name: "app", userAgent: "App", status: 410, headers: { "retry-after": "60" } },
      { name: "own", userAgent: "Own", status: 410, body: { own: true } },
    ],
  });
  app.get("/", async () => "here");

  const enveloped = await ask(app, { as: "App/1" });
  expect(enveloped).toMatchObject({
    status: 410,
    code: "CLIENT_GATE_REFUSED",
    headers: {
      "content-type": "application/problem+json; charset=utf-8",
      "retry-after": "60",
      "cache-control": "no-store",
    },
  });
  expect(enveloped.body).toContain('"detail":"This version of the client is no longer served."');
  for (const url of ["/", "/nope"]) {
    expect(await ask(app, { as: "Own/1", url })).toMatchObject({
      status: 410,
      body: '{"own":true}',
    });
  }
});
