import { once } from "node:events";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp, WAYS } from "@enfilade/line-testing";
import { listen, openExchange, openWebSocket, requestHttp2 } from "@enfilade/testing";
import websocket from "@fastify/websocket";
import { describe, expect, onTestFinished, test } from "vitest";
import { clientGate, type RefuseRule } from "../src/index.ts";
import { gateApp } from "./apps.ts";

const LEGACY: RefuseRule = { name: "legacy-app", userAgent: "LegacyApp/1.", status: 410 };
const UPGRADE: RefuseRule = {
  name: "sdk",
  userAgent: { product: "acme-sdk", version: "<2.4" },
  status: 426,
  headers: { upgrade: "acme/2" },
};
const legacy = { "user-agent": "LegacyApp/1.4" };

describe.each(WAYS)("%s, over a socket", (way) => {
  test("a WebSocket is opened for those alone whom no rule is about", async () => {
    const app = await gateApp(way, { refuse: [LEGACY] });
    await app.register(websocket);
    app.get("/socket", { websocket: true }, (socket) => socket.send("open"));
    const origin = await listen(app);

    const [message] = await once(openWebSocket(origin), "message");
    expect(String(message)).toBe("open");

    const refused = openWebSocket(origin, { headers: legacy });
    const [, response] = await once(refused, "unexpected-response");
    expect(response.statusCode).toBe(410);
  });

  test("neither a hijacked reply nor a stream is begun for whom a rule refuses", async () => {
    const app = await gateApp(way, { refuse: [LEGACY] });
    let begun = 0;
    app.get("/hijacked", (_request, reply) => {
      begun += 1;
      reply.hijack().raw.end("mine");
    });
    const origin = await listen(app);

    const refused = await openExchange(origin, { path: "/hijacked", headers: legacy });
    expect((await refused.head()).status).toBe(410);
    expect(begun).toBe(0);
    expect(await (await openExchange(origin, { path: "/hijacked" })).wholeBody()).toBe("mine");
  });

  test("a refusal by 426 is one that clients can read, and the connection goes on", async () => {
    const app = await gateApp(way, { refuse: [UPGRADE] });
    const origin = await listen(app);

    const response = await fetch(origin, { headers: { "user-agent": "acme-sdk/2.3" } });
    expect(response.status).toBe(426);
    expect(response.headers.get("upgrade")).toBe("acme/2");
    expect(await response.json()).toMatchObject({ code: "CLIENT_GATE_REFUSED" });

    const exchange = await openExchange(origin, { headers: { "user-agent": "acme-sdk/2.3" } });
    expect((await exchange.head()).headers.get("connection")).toEqual(["upgrade"]);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const get = async (as: string) => {
      const outgoing = request(origin, { agent, headers: { "user-agent": as } }).end();
      const [incoming] = await once(outgoing, "response");
      incoming.resume();
      await once(incoming, "end");
      return { status: incoming.statusCode, reused: outgoing.reusedSocket };
    };
    expect(await get("acme-sdk/2.3")).toEqual({ status: 426, reused: false });
    expect(await get("acme-sdk/2.4")).toEqual({ status: 200, reused: true });
  });

  test("the address is that of the connection", async () => {
    const own = await gateApp(way, { refuse: [{ name: "own", address: "loopback" }] });
    expect((await fetch(await listen(own))).status).toBe(403);
    const others = await gateApp(way, { refuse: [{ name: "others", address: "10.0.0.0/8" }] });
    expect((await fetch(await listen(others))).status).toBe(200);
  });

  test("of a Unix socket there is no address, and a list that refuses takes nobody for another", async () => {
    const app = await gateApp(way, { refuse: [{ name: "net", address: "10.0.0.0/8" }] });
    const socketPath = join(tmpdir(), `enfilade-gate-${process.pid}-${way.length}.sock`);
    await app.listen({ path: socketPath });
    const outgoing = request({ socketPath, path: "/" }).end();
    const [response] = await once(outgoing, "response");
    response.resume();

    expect(response.statusCode).toBe(403);
  });
});

describe("over HTTP/2", () => {
  test("clients are refused as elsewhere, and 426 has no Upgrade, which HTTP/2 does not know", async () => {
    const app = await createApp({ http2: true });
    await app.register(clientGate, {
      refuse: [LEGACY, UPGRADE, { ...UPGRADE, name: "body", userAgent: "other", body: "Upgrade." }],
    });
    app.get("/", async () => "here");
    const origin = await listen(app);
    const get = (as: string, path = "/") =>
      requestHttp2(origin, { path, headers: { "user-agent": as } });

    expect((await get("curl/8")).body).toBe("here");
    for (const path of ["/", "/nope"]) {
      expect((await get("LegacyApp/1.4", path)).statusCode).toBe(410);
    }
    const thrown = await get("acme-sdk/1");
    expect(thrown.statusCode).toBe(426);
    expect(thrown.headers).not.toHaveProperty("upgrade");
    expect(thrown.body).toContain("CLIENT_GATE_REFUSED");
    expect(await get("other/1")).toMatchObject({ statusCode: 426, body: "Upgrade." });
  });
});
