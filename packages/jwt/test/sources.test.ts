import { once } from "node:events";
import { WAYS } from "@enfilade/line-testing";
import {
  createLogLines,
  listen,
  openExchange,
  openWebSocket,
  requestHttp2,
} from "@enfilade/testing";
import websocket from "@fastify/websocket";
import { describe, expect, it } from "vitest";
import type { JwtOptions } from "../src/index.ts";
import { hs, make, SECRET } from "./support.ts";

const keys = [{ secret: SECRET }];

describe.each(WAYS)("a token, %s", (way) => {
  const withSources = (...sources: NonNullable<JwtOptions["sources"]>[number][]) =>
    make({ keys, sources, cookie: "token" }, { way });

  it("that is not there is asked for, without an error code (case 17)", async () => {
    const app = await make(undefined, { way });
    for (const authorization of [undefined, "Basic YTpi", "Token x", ""]) {
      const headers = authorization === undefined ? {} : { authorization };
      const response = await app.inject({ url: "/", headers });
      expect(response.statusCode).toBe(401);
      expect(response.json().code).toBe("AUTH_REQUIRED");
      expect(response.headers["www-authenticate"]).toBe("Bearer");
    }
  });

  it("that was sent twice is an invalid request", async () => {
    const origin = await listen(await make(undefined, { way }));
    const value = `Bearer ${hs()}`;
    const exchange = await openExchange(origin, { headers: { authorization: [value, value] } });
    const { status, headers } = await exchange.head();
    expect(status).toBe(400);
    expect(headers.get("www-authenticate")?.[0]).toMatch(/^Bearer error="invalid_request"/);
  });

  it("comes from a cookie only when that was asked for", async () => {
    const headers = { cookie: `a=b; token=${hs()}` };
    expect((await (await make(undefined, { way })).inject({ url: "/", headers })).statusCode).toBe(
      401,
    );
    expect((await (await withSources("cookie")).inject({ url: "/", headers })).statusCode).toBe(
      200,
    );
  });

  it("is the one of the first source that has one, and that one decides", async () => {
    const good = hs();
    const cases = [
      [`Bearer ${good}`, "bad", ["header", "cookie"], 200],
      ["Bearer bad", good, ["header", "cookie"], 401],
      ["Bearer bad", good, ["cookie", "header"], 200],
      ["Basic x", good, ["header", "cookie"], 200],
      [`Bearer ${good}`, "", ["cookie", "header"], 200],
    ] as const;
    for (const [authorization, cookie, sources, status] of cases) {
      const app = await withSources(...sources);
      const headers = { authorization, cookie: `token=${cookie}` };
      expect((await app.inject({ url: "/", headers })).statusCode).toBe(status);
    }
  });

  it("in a cookie counts for nothing that another site asks to be changed", async () => {
    const app = await withSources("cookie");
    app.post("/", { config: { access: "authenticated" } }, async () => "changed");
    const status = async (method: "GET" | "POST", site: string) =>
      (
        await app.inject({
          method,
          url: "/",
          headers: { cookie: `token=${hs()}`, "sec-fetch-site": site },
        })
      ).statusCode;
    expect(await status("POST", "same-origin")).toBe(200);
    expect(await status("POST", "cross-site")).toBe(401);
    expect(await status("GET", "cross-site")).toBe(200);
  });

  it("comes in the query of a GET when that was asked for, is taken out, and is a warning", async () => {
    const log = createLogLines();
    const app = await make(
      { keys, sources: ["header", "query"] },
      { way, logger: { level: "warn", stream: log.stream } },
    );
    app.get("/url", { config: { access: "authenticated" } }, async (request) => request.url);
    const token = hs();
    const response = await app.inject(`/url?a=1&access_token=${token}`);
    expect(response.body).toBe("/url?a=1&access_token=redacted");
    await log.find(({ code }) => code === "JWT_IN_QUERY");
    const headers = { authorization: `Bearer ${token}` };
    const both = await app.inject({ url: `/url?access_token=${token}`, headers });
    expect(both.statusCode).toBe(400);
    const posted = await app.inject({ method: "POST", url: `/url?access_token=${token}` });
    expect(posted.statusCode).toBe(401);
  });

  it("over HTTP/2 is treated alike", async () => {
    const app = await make(undefined, { way, http2: true });
    const origin = await listen(app);
    for (const [token, status] of [
      [hs(), 200],
      ["bad", 401],
    ] as const) {
      const headers = { authorization: `Bearer ${token}` };
      expect((await requestHttp2(origin, { headers })).statusCode).toBe(status);
    }
  });

  it("comes as a subprotocol of a WebSocket, which is answered without it", async () => {
    const app = await make({ keys, sources: ["header", "subprotocol"] }, { way });
    await app.register(websocket);
    app.register(async (child) => {
      const config = { access: "authenticated" as const };
      child.get("/socket", { websocket: true, config }, (socket, request) => {
        socket.send(`${request.principal?.id} ${request.headers["sec-websocket-protocol"]}`);
      });
    });
    const origin = await listen(app);
    const open = (protocols: string[]) => openWebSocket(origin, { protocols });
    const client = open(["bearer", hs(), "chat"]);
    const [message] = await once(client, "message");
    expect(String(message)).toBe("ann bearer, chat");
    expect(client.protocol).toBe("bearer");

    for (const protocols of [["bearer", "bad"], ["chat"], ["bearer"]]) {
      const [, response] = await once(open(protocols), "unexpected-response");
      expect(response.statusCode).toBe(401);
      expect(response.headers["www-authenticate"]).toMatch(/^Bearer/);
    }
  });
});
