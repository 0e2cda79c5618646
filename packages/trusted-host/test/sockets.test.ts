import { once } from "node:events";
import { WAYS } from "@enfilade/line-testing";
import { listen, openWebSocket, sendBytes } from "@enfilade/testing";
import websocket from "@fastify/websocket";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hostApp } from "./apps.ts";
import { malformedHost } from "./arbitraries.ts";

const LINE = /^HTTP\/1\.1 (?<status>\d+) [\s\S]*?\r\n\r\n(?<body>[\s\S]*)$/;

/** Sends a head as it is, byte for byte, and gives status and body of what comes back. */
async function send(
  origin: string,
  lines: readonly string[],
): Promise<{ status: number; body: string }> {
  const head = [...lines, "connection: close", "", ""].join("\r\n");
  const groups = LINE.exec(await sendBytes(origin, Buffer.from(head, "latin1")))?.groups;
  return { status: Number(groups?.status), body: groups?.body ?? "" };
}

const malformed = { status: 400, body: expect.stringContaining("TRUSTED_HOST_MALFORMED") };

describe.each(WAYS)("%s, over a socket, a request is refused", (way) => {
  test("with an empty Host", async () => {
    const origin = await listen(await hostApp(way, { hosts: "*" }));
    expect(await send(origin, ["GET / HTTP/1.1", "host:"])).toEqual(malformed);
  });

  test("with two Hosts, even of the same name", async () => {
    const origin = await listen(await hostApp(way, { hosts: ["a.example", "b.example"] }));
    for (const second of ["b.example", "a.example"]) {
      const lines = ["GET / HTTP/1.1", "host: a.example", `Host: ${second}`];
      expect(await send(origin, lines)).toEqual(malformed);
    }
  });

  test("without a Host, over HTTP/1.0 as over HTTP/1.1", async () => {
    const app = await hostApp(way, { hosts: "*" }, { http: { requireHostHeader: false } });
    const origin = await listen(app);
    expect(await send(origin, ["GET / HTTP/1.1"])).toEqual(malformed);
    expect(await send(origin, ["GET / HTTP/1.0"])).toEqual(malformed);
    expect(await send(origin, ["GET http://a.example/ HTTP/1.0"])).toEqual(malformed);
  });

  test("with a target in absolute form for another host than its Host (RFC 9112, section 3.2.2)", async () => {
    const origin = await listen(await hostApp(way, { hosts: ["a.example"] }));
    const get = (target: string) => send(origin, [`GET ${target} HTTP/1.1`, "host: a.example"]);

    expect(await get("http://a.example/")).toEqual({ status: 200, body: "a.example" });
    expect(await get("HTTP://A.example:80/")).toEqual({ status: 200, body: "a.example" });
    for (const target of [
      "http://evil.example/",
      "http://a.example@evil.example/",
      "http://user@a.example/",
      "http://a.example:8080/",
      "https://a.example:80/",
    ]) {
      expect(await get(target), target).toEqual(malformed);
    }
  });

  test("with whatever bytes are no host, however they are put (case 53)", async () => {
    const origin = await listen(await hostApp(way, { hosts: "*" }));
    // A line break would begin another header; beyond Latin-1 there are no bytes on the wire.
    const sendable = malformedHost.filter((host) => !/[\r\n\u0100-\uffff]/.test(host));

    await fc.assert(
      fc.asyncProperty(sendable, async (host) => {
        const text = host.trim();
        fc.pre(text !== "" && text === host);
        // Node refuses control characters by itself.
        const { status } = await send(origin, ["GET / HTTP/1.1", `host: ${host}`]);
        expect(status).toBe(400);
      }),
      { numRuns: 60 },
    );
  });

  test("in the same words, whatever is wrong with it", async () => {
    const origin = await listen(await hostApp(way, { hosts: ["a.example"] }));
    const bodies = new Set<string>();
    for (const host of ["a@b", "[::1", "a, b", ":99999"]) {
      bodies.add((await send(origin, ["GET / HTTP/1.1", `host: ${host}`])).body);
    }
    expect([...bodies]).toHaveLength(1);
  });
});

test.each(WAYS)("%s, a WebSocket is opened for our hosts alone", async (way) => {
  const app = await hostApp(way, { hosts: ["example.com"] });
  await app.register(websocket);
  app.get("/socket", { websocket: true }, (socket) => socket.send("open"));
  const origin = await listen(app);
  const open = (host: string) => openWebSocket(origin, { headers: { host } });

  const [message] = await once(open("example.com"), "message");
  expect(String(message)).toBe("open");

  const [, response] = await once(open("evil.example"), "unexpected-response");
  expect(response.statusCode).toBe(400);
});

test.each(WAYS)("%s, the port that requests come in by needs no mention", async (way) => {
  const app = await hostApp(way, { hosts: ["localhost", "127.0.0.1"] });
  const origin = await listen(app);
  const { port } = new URL(origin);

  expect((await fetch(origin)).status).toBe(200);
  expect(await send(origin, ["GET / HTTP/1.1", `host: localhost:${port}`])).toMatchObject({
    status: 200,
  });
  expect(await send(origin, ["GET / HTTP/1.1", "host: localhost:1"])).toMatchObject({
    status: 400,
    body: expect.stringContaining("TRUSTED_HOST_UNKNOWN"),
  });
});
