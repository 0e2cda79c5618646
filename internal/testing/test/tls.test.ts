import type { TLSSocket } from "node:tls";
import Fastify from "fastify";
import { expect, it } from "vitest";
import { type Listening, listen, requestTls, TLS_SERVER } from "../src/index.ts";

it("asks an app over TLS, without a certificate on either side", async () => {
  const app = Fastify({ https: TLS_SERVER });
  app.post("/echo", async (request, reply) => {
    const { encrypted } = request.raw.socket as TLSSocket;
    reply.headers({ "x-said": request.headers["x-said"], "x-body": String(request.body) });
    return reply.code(encrypted ? 200 : 400).send();
  });
  const origin = await listen(app as unknown as Listening);
  expect(origin).toMatch(/^https:/);

  const response = await requestTls(origin, {
    path: "/echo",
    headers: { "content-type": "text/plain", "x-said": "hello" },
    body: "text",
  });

  expect(response.statusCode).toBe(200);
  expect(response.headers).toMatchObject({ "x-said": "hello", "x-body": "text" });
  expect((await requestTls(origin)).statusCode).toBe(404);
});
