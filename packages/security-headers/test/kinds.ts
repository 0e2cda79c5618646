import { Readable } from "node:stream";
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { createHeaders, type SecurityHeadersOptions, securityHeaders } from "../src/index.ts";

/** What kind of response it is, and how to come by it: method, path, status. */
export const KINDS: readonly (readonly [
  string,
  "GET" | "HEAD" | "POST" | "DELETE",
  string,
  number,
])[] = [
  ["a plain one", "GET", "/plain", 200],
  ["HEAD", "HEAD", "/plain", 200],
  ["one without a body", "GET", "/empty", 204],
  ["one that has not changed", "GET", "/unchanged", 304],
  ["a redirect", "GET", "/redirect", 302],
  ["a stream", "GET", "/stream", 200],
  ["a web Response", "GET", "/response", 200],
  ["an error", "GET", "/throws", 500],
  ["a stream that fails before its headers", "GET", "/fails-late", 500],
  ["a hijacked one", "GET", "/hijack", 200],
  ["one that a handler writes by itself", "GET", "/raw", 200],
  ["a refusal", "GET", "/refused", 401],
  ["404", "GET", "/nowhere", 404],
  ["a wrong method", "DELETE", "/plain", 404],
  ["a body that does not parse", "POST", "/schema", 400],
  ["a URL that does not parse, by createHeaders", "GET", "/%zz", 400],
];

/** Builds an app that answers in every way there is. */
export async function variedApp(
  options: SecurityHeadersOptions = {},
  serverOptions: object = {},
): Promise<FastifyInstance> {
  const app = Fastify({
    ...serverOptions,
    frameworkErrors(error, request, reply: FastifyReply) {
      reply.headers(createHeaders(options, request.protocol === "https")).send(error);
    },
  });
  await app.register(securityHeaders, options);
  app.get("/plain", async () => ({ ok: true }));
  app.get("/empty", (_request, reply) => reply.code(204).send());
  app.get("/unchanged", (_request, reply) => reply.code(304).send());
  app.get("/redirect", (_request, reply) => reply.redirect("/plain"));
  app.get("/stream", (_request, reply) => reply.send(Readable.from(["a", "b"])));
  app.get("/response", async () => new Response("web", { headers: { server: "leak" } }));
  app.get("/throws", async () => {
    throw new Error("boom");
  });
  app.get("/fails-late", (_request, reply) =>
    reply.send(
      new Readable({
        read() {
          this.destroy(new Error("no such file"));
        },
      }),
    ),
  );
  app.get("/hijack", (_request, reply) => {
    reply.hijack();
    reply.raw.end("raw");
  });
  app.get("/raw", (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "Content-Type": "text/plain", Server: "leak" });
    reply.raw.write("raw");
    reply.raw.end();
  });
  app.post("/schema", { schema: { body: { type: "object", required: ["a"] } } }, async () => "ok");
  app.get(
    "/refused",
    { onRequest: async (_request, reply) => reply.code(401).send({}) },
    async () => "never",
  );
  return app;
}
