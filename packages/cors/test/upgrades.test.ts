import { once } from "node:events";
import { type AppOptions, createApp, WAYS } from "@enfilade/line-testing";
import { listen, openExchange, openWebSocket } from "@enfilade/testing";
import websocket from "@fastify/websocket";
import { describe, expect, it } from "vitest";
import { type CorsOptions, cors } from "../src/index.ts";
import { APP, EVIL } from "./apps.ts";

async function socketApp(options: CorsOptions, appOptions?: AppOptions) {
  const app = await createApp(appOptions);
  await app.register(websocket);
  await app.register(cors, options);
  await app.register(async (child) => {
    child.get("/", { websocket: true }, (socket) => socket.send("welcome"));
    child.get("/own", { websocket: true, config: { cors: { origin: EVIL } } }, (socket) =>
      socket.send("welcome"),
    );
    child.get("/off", { websocket: true, config: { cors: false } }, (socket) =>
      socket.send("welcome"),
    );
  });
  return await listen(app);
}

/** Opens a WebSocket as a page of an origin does, and gives what came of it. */
async function open(origin: string, headers: Record<string, string>, path = "/") {
  const client = openWebSocket(origin, { path, headers });
  const refusal = once(client, "unexpected-response").then(([, response]) => response.statusCode);
  const message = once(client, "message").then(([data]) => String(data));
  return await Promise.race([refusal, message]);
}

describe.each(WAYS)("a WebSocket upgrade, %s", (way) => {
  it("is let through from a listed origin, and refused from any other", async () => {
    const server = await socketApp({ origin: [APP, "https://*.app.example"] }, { way });
    expect(await open(server, { origin: APP })).toBe("welcome");
    expect(await open(server, { origin: "https://a.app.example" })).toBe("welcome");
    expect(await open(server, { origin: EVIL })).toBe(403);
    expect(await open(server, { origin: "null" })).toBe(403);
    expect(await open(server, { origin: `${APP}, ${EVIL}` })).toBe(403);
  });

  it("waits for a function that takes its time", async () => {
    const server = await socketApp({ origin: async (origin) => origin === APP }, { way });
    expect(await open(server, { origin: APP })).toBe("welcome");
    expect(await open(server, { origin: EVIL })).toBe(403);
  });

  it("is let through without an origin, which only pages have, and from the server's own pages", async () => {
    const server = await socketApp({ origin: APP }, { way });
    expect(await open(server, {})).toBe("welcome");
    expect(await open(server, { origin: server })).toBe("welcome");
    expect(await open(server, { origin: "https://api.example", host: "API.example" })).toBe(
      "welcome",
    );
    expect(await open(server, { origin: "https://api.example", host: "api.example:443" })).toBe(
      "welcome",
    );
    expect(await open(server, { origin: "http://api.example", host: "api.example:443" })).toBe(403);
    expect(await open(server, { origin: "https://api.example:8443", host: "api.example" })).toBe(
      403,
    );
    expect(
      await open(server, { origin: "https://api.example.evil.net", host: "api.example" }),
    ).toBe(403);
  });

  it("follows the policy of its route", async () => {
    const server = await socketApp({ origin: APP }, { way });
    expect(await open(server, { origin: EVIL }, "/own")).toBe("welcome");
    expect(await open(server, { origin: APP }, "/own")).toBe(403);
    expect(await open(server, { origin: EVIL }, "/off")).toBe("welcome");
  });
});

it("is let through from anywhere where everybody is let in, or the check is off", async () => {
  expect(await open(await socketApp({ origin: "*" }), { origin: EVIL })).toBe("welcome");
  const unchecked = await socketApp({ origin: APP, checkUpgrades: false });
  expect(await open(unchecked, { origin: EVIL })).toBe("welcome");
});

it("is refused with a body that a client can read", async () => {
  const exchange = await openExchange(await socketApp({ origin: APP }), {
    headers: {
      origin: EVIL,
      connection: "upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    },
  });
  expect((await exchange.head()).header("vary")).toBe("Origin");
  expect(JSON.parse(await exchange.wholeBody())).toMatchObject({ code: "CORS_ORIGIN_REFUSED" });
});
