import { constants, type Http2ServerResponse } from "node:http2";
import Fastify, {
  type FastifyHttpOptions,
  type FastifyInstance,
  type RawServerDefault,
} from "fastify";
import { expect, it } from "vitest";
import { listen, requestHttp2 } from "../src/index.ts";

async function originOf(declareRoutes: (app: FastifyInstance) => void): Promise<string> {
  const options: object = { http2: true };
  const app: FastifyInstance = Fastify(options as FastifyHttpOptions<RawServerDefault>);
  declareRoutes(app);
  return await listen(app);
}

it("sends the parts of a request, and gives those of the response", async () => {
  const origin = await originOf((app) => {
    app.put("/echo", (request, reply) => {
      reply.trailer("x-total", async () => "2");
      return reply.code(201).headers({ "x-host": request.host }).send(request.body);
    });
  });

  const response = await requestHttp2(origin, {
    method: "PUT",
    path: "/echo",
    headers: { ":authority": "a.example", "content-type": "application/json" },
    body: '{"a":1}',
  });

  expect(response).toMatchObject({
    statusCode: 201,
    headers: { "x-host": "a.example" },
    trailers: { "x-total": "2" },
    body: '{"a":1}',
    rawPayload: Buffer.from('{"a":1}'),
  });
});

it("asks for the root where nothing is said, and posts where only a body is", async () => {
  const origin = await originOf((app) => {
    app.get("/", async () => "got");
    app.post("/", async (request) => `posted ${request.body}`);
  });

  expect((await requestHttp2(origin)).body).toBe("got");
  const headers = { "content-type": "text/plain" };
  expect((await requestHttp2(origin, { headers, body: "it" })).body).toBe("posted it");
});

it("sends a header as often as it is given", async () => {
  const origin = await originOf((app) => {
    app.get("/", async (request) => request.headers["x-twice"]);
  });

  expect((await requestHttp2(origin, { headers: { "x-twice": ["a", "b"] } })).body).toBe("a, b");
});

it("fails where the stream is broken off before it ends", async () => {
  const origin = await originOf((app) => {
    app.get("/", (_request, reply) => {
      reply.hijack();
      reply.raw.write("first");
      const { stream } = reply.raw as unknown as Http2ServerResponse;
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    });
  });

  await expect(requestHttp2(origin)).rejects.toThrow("NGHTTP2_INTERNAL_ERROR");
});

it("fails where nobody listens", async () => {
  await expect(requestHttp2("http://127.0.0.1:1")).rejects.toThrow("ECONNREFUSED");
});
