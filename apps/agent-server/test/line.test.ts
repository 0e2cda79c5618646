import { readFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { createLogLines } from "@enfilade/testing";
import { expect, test } from "vitest";
import { testApp } from "./support.ts";

const root = new URL("../../../", import.meta.url);

/** Everything that the environment can put in line. */
const everything = {
  OS_SECURITY_KEY: "0123456789abcdef0123456789abcdef",
  JWT_VERIFICATION_KEY: "a secret that is longer than thirty-two bytes",
  REFUSED_CLIENTS: "198.51.100.0/24,LegacyApp/1.",
  TOKENS_PER_MINUTE: "100000",
  TOKENS_PER_DAY: "1000000",
};

test("a run walks through the layers in the line that the documentation shows", async () => {
  const app = await testApp({}, everything);
  await app.ready();
  const explanation = app.order.explain("POST", "/agents/docs/runs");
  expect(explanation.doors.map(({ layer }) => layer)).toEqual([
    "request-id",
    "timing",
    "request-log",
    "security-headers",
    "trusted-host",
    "cors",
    "client-gate",
    "rate-limit",
    "compress",
    "errors",
    "api-key",
    "jwt",
    "auth",
    "quota",
  ]);
  await expect(explanation.toSvg()).toMatchFileSnapshot(new URL("docs/line.svg", root).pathname);
  expect(readFileSync(new URL("README.md", root), "utf8")).toContain(explanation.toText());
});

test.each([
  ["as it is", {}],
  ["with everything on", everything],
])("the audit has nothing to say against the demo %s", async (_how, environment) => {
  const app = await testApp({}, environment);
  await app.ready();
  expect(app.order.findings().filter(({ severity }) => severity !== "info")).toEqual([]);
});

test("a route that no rule is about does not boot where callers have to say who they are", async () => {
  const app = await testApp({}, everything);
  app.get("/forgotten", async () => "open to everybody?");
  await expect(app.ready()).rejects.toMatchObject({
    code: "ORDER_REFUSED",
    message: expect.stringMatching(/AUTH_ROUTE_WITHOUT_RULE[\s\S]*GET \/forgotten/),
  });
});

test("a page on another host that was pointed here reads nothing", async () => {
  const app = await testApp();
  const response = await app.inject({ url: "/sessions", headers: { host: "evil.example" } });
  expect(response.statusCode).toBe(400);
  expect(response.json().detail).toEqual(expect.any(String));
});

test("an exchange leaves one line of log with its id, and none for a health check", async () => {
  const log = createLogLines();
  const app = await testApp({ logStream: log.stream });
  await app.inject("/health");
  const { headers } = await app.inject({ url: "/agents/echo?token=secret" });
  await app.close();
  expect(log.items).toHaveLength(1);
  expect(log.items[0]).toMatchObject({
    reqId: headers["x-request-id"],
    method: "GET",
    route: "/agents/:agentId",
    status: 200,
    outcome: "completed",
  });
  expect(JSON.stringify(log.items)).not.toContain("secret");
});

test("a page of a listed origin may read what it asks for, errors and streams included", async () => {
  const app = await testApp({}, { CORS_ORIGINS: "https://ui.example" });
  const headers = { origin: "https://ui.example" };
  const preflight = await app.inject({
    method: "OPTIONS",
    url: "/agents/echo/runs",
    headers: { ...headers, "access-control-request-method": "POST" },
  });
  expect(preflight.statusCode).toBe(204);
  for (const url of ["/agents", "/agents/nobody", "/nowhere"]) {
    const response = await app.inject({ url, headers });
    expect(response.headers["access-control-allow-origin"], url).toBe("https://ui.example");
  }
  const run = await app.inject({
    method: "POST",
    url: "/agents/echo/runs",
    headers,
    payload: { message: "hello" },
  });
  expect(run.headers["content-type"]).toBe("text/event-stream");
  expect(run.headers["access-control-allow-origin"]).toBe("https://ui.example");
  const stranger = await app.inject({
    url: "/agents",
    headers: { origin: "https://evil.example" },
  });
  expect(stranger.headers["access-control-allow-origin"]).toBeUndefined();
});

test("a long answer is compressed for who takes it so, a stream of events never; bodies may come compressed", async () => {
  const app = await testApp();
  const message = "all the same again ".repeat(200);
  const ask = (stream: boolean) =>
    app.inject({
      method: "POST",
      url: "/agents/echo/runs",
      headers: {
        "accept-encoding": "gzip",
        "content-encoding": "gzip",
        "content-type": "application/json",
      },
      payload: gzipSync(JSON.stringify({ message, stream })),
    });
  const whole = await ask(false);
  expect(whole.statusCode).toBe(200);
  expect(whole.headers).toMatchObject({
    "content-encoding": "gzip",
    vary: expect.stringMatching(/Accept-Encoding/),
  });
  expect(whole.rawPayload.length).toBeLessThan(message.length / 2);
  expect(JSON.parse(gunzipSync(whole.rawPayload).toString()).content).toContain(message.trim());

  const streamed = await ask(true);
  expect(streamed.headers["content-type"]).toBe("text/event-stream");
  expect(streamed.headers).not.toHaveProperty("content-encoding");
  expect(streamed.body).toContain("event: RunCompleted");
});

test("clients that are refused hear so, by their address or by what their user agent says", async () => {
  const app = await testApp(
    {},
    { REFUSED_CLIENTS: "198.51.100.0/24, LegacyApp/1.", CORS_ORIGINS: "https://ui.example" },
  );
  const headers = { origin: "https://ui.example" };
  for (const refused of [
    { remoteAddress: "198.51.100.7", headers },
    { headers: { ...headers, "user-agent": "LegacyApp/1.7 (Android 9)" } },
  ]) {
    const response = await app.inject({ url: "/agents", ...refused });
    expect(response.statusCode).toBe(403);
    expect(response.headers["access-control-allow-origin"]).toBe("https://ui.example");
    expect(response.json()).toMatchObject({ code: "CLIENT_GATE_REFUSED" });
  }
  const current = { ...headers, "user-agent": "LegacyApp/10.2" };
  expect((await app.inject({ url: "/agents", headers: current })).statusCode).toBe(200);
});
