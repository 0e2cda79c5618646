import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect, type OutgoingHttpHeaders } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Listening, listen, openExchange } from "@enfilade/testing";
import websocket from "@fastify/websocket";
import Fastify from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { clientGate, type RefuseRule } from "../src/index.ts";
import { gateApp, WAYS } from "./apps.ts";

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
    const origin = (await listen(app)).replace("http", "ws");
    const open = (headers = {}) => {
      const socket = new WebSocket(`${origin}/socket`, { headers });
      onTestFinished(() => socket.terminate());
      return socket;
    };

    const [message] = await once(open(), "message");
    expect(String(message)).toBe("open");

    const refused = open(legacy);
    refused.on("error", () => {});
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
    const app = Fastify({ http2: true });
    await app.register(clientGate, {
      refuse: [LEGACY, UPGRADE, { ...UPGRADE, name: "body", userAgent: "other", body: "Upgrade." }],
    });
    app.get("/", async () => "here");
    const session = connect(await listen(app as unknown as Listening));
    onTestFinished(() => session.destroy());
    const get = async (as: string, path = "/"): Promise<[OutgoingHttpHeaders, string]> => {
      const stream = session.request({ ":path": path, "user-agent": as });
      const [headers] = await once(stream, "response");
      return [headers, Buffer.concat(await stream.toArray()).toString()];
    };

    expect((await get("curl/8"))[1]).toBe("here");
    for (const path of ["/", "/nope"]) {
      expect((await get("LegacyApp/1.4", path))[0][":status"]).toBe(410);
    }
    const [thrown, envelope] = await get("acme-sdk/1");
    expect(thrown).toMatchObject({ ":status": 426 });
    expect(thrown).not.toHaveProperty("upgrade");
    expect(envelope).toContain("CLIENT_GATE_REFUSED");
    const [sent, body] = await get("other/1");
    expect(sent).toMatchObject({ ":status": 426 });
    expect(body).toBe("Upgrade.");
  });
});
