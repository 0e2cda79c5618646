import { gunzipSync, gzipSync } from "node:zlib";
import { adopt } from "@enfilade/layer";
import compress from "@fastify/compress";
import { describe, expect, it } from "vitest";
import { boot, type Registration, WAYS } from "./boot.ts";
import { layer } from "./probes.ts";

const adopted: Registration = (app) =>
  app.register(adopt(compress, { name: "compress", place: "encode" }), {
    threshold: 0,
    encodings: ["gzip"],
  });
const long = "many words ".repeat(100);
const headers = { "accept-encoding": "gzip" };
const unzip = (payload: Buffer) => gunzipSync(payload).toString();

describe.each(WAYS)("@fastify/compress adopted, registered $way", ({ arrange }) => {
  it("compresses routes that were declared earlier, in a child too, and what is not found", async () => {
    const app = await boot(
      arrange([
        adopted,
        (app) => app.register(async (child) => void child.get("/child", async () => long)),
        (app) => app.get("/", async () => long),
        (app) => app.setNotFoundHandler((_request, reply) => reply.code(404).send(long)),
      ]),
    );
    for (const [url, status] of [
      ["/", 200],
      ["/child", 200],
      ["/nowhere", 404],
    ] as const) {
      const response = await app.inject({ url, headers });
      expect(response.statusCode, url).toBe(status);
      expect(response.headers["content-encoding"], url).toBe("gzip");
      expect(unzip(response.rawPayload), url).toBe(long);
    }
  });

  it("compresses what layers further in and users' hooks have made of the payload, once", async () => {
    const app = await boot(
      arrange([
        adopted,
        (app) =>
          app.register(layer("envelope", "shape", { onSend: (_q, _r, payload) => `[${payload}]` })),
        (app) => app.addHook("onSend", async (_request, _reply, payload) => `${payload}!`),
        (app) =>
          app.get("/", { onSend: async (_q, _r, payload) => `${payload}?` }, async () => "text"),
      ]),
    );
    const response = await app.inject({ url: "/", headers });
    expect(unzip(response.rawPayload)).toBe("[text!?]");
  });

  it("keeps the route's own say", async () => {
    const app = await boot(
      arrange([
        adopted,
        (app) => app.get("/plain", { compress: false }, async () => long),
        (app) => app.get("/by-hand", (_request, reply) => void reply.compress(long)),
      ]),
    );
    const plain = await app.inject({ url: "/plain", headers });
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(plain.body).toBe(long);
    expect(unzip((await app.inject({ url: "/by-hand", headers })).rawPayload)).toBe(long);
  });

  it("takes compressed bodies", async () => {
    const app = await boot(
      arrange([adopted, (app) => app.post("/", async (request) => request.body)]),
    );
    const response = await app.inject({
      method: "POST",
      url: "/",
      headers: { "content-encoding": "gzip", "content-type": "application/json" },
      payload: gzipSync('{"packed":true}'),
    });
    expect(response.json()).toEqual({ packed: true });
  });
});
