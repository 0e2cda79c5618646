import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";

/** Something to hand to `openExchange`, `requestHttp2` or `inject`. */
export interface KindRequest {
  /** @defaultValue `"GET"` */
  readonly method?: "HEAD" | "OPTIONS" | "POST" | "DELETE";
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** What kind of response it is, the request that leads to it, and its status. */
export type Kind = readonly [kind: string, request: KindRequest, status: number];

const noJson = { headers: { "content-type": "application/json" }, body: "{" };

/** Every way in which a response comes about; {@link answerInEveryKind} declares the routes. */
export const KINDS: readonly Kind[] = [
  ["a plain one", { path: "/plain" }, 200],
  ["HEAD", { method: "HEAD", path: "/plain" }, 200],
  ["OPTIONS that nobody answers", { method: "OPTIONS", path: "/plain" }, 404],
  ["one without a body", { path: "/empty" }, 204],
  ["one that has not changed", { path: "/unchanged" }, 304],
  ["a redirect", { path: "/redirect" }, 302],
  ["a stream", { path: "/stream" }, 200],
  ["an empty stream", { path: "/empty-stream" }, 200],
  ["a web Response", { path: "/response" }, 200],
  ["an error", { path: "/throws" }, 500],
  ["a stream that fails before its headers", { path: "/fails" }, 500],
  ["a hijacked one", { path: "/hijacked" }, 200],
  ["one that a handler writes by itself", { path: "/raw" }, 200],
  ["server-sent events written by hand", { path: "/events" }, 200],
  ["a refusal to authenticate", { path: "/401" }, 401],
  ["a limit", { path: "/429" }, 429],
  ["a body that does not parse", { method: "POST", path: "/body", ...noJson }, 400],
  ["404", { path: "/nowhere" }, 404],
  ["a wrong method", { method: "DELETE", path: "/plain" }, 404],
];

/** Adds headers to the request of a kind. */
export function withHeaders(
  request: KindRequest,
  headers: Readonly<Record<string, string>>,
): KindRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

/**
 * Declares the routes of {@link KINDS}.
 *
 * @param own - headers that a handler sends where it makes its headers itself, by a `Response` or on the connection
 *
 * @example
 * await app.register(requestId);
 * answerInEveryKind(app);
 * const exchange = await openExchange(await listen(app), request);
 */
export function answerInEveryKind(
  app: FastifyInstance,
  own: Readonly<Record<string, string>> = {},
): void {
  app.get("/plain", async () => ({ ok: true }));
  app.get("/empty", (_request, reply) => reply.code(204).send());
  app.get("/unchanged", (_request, reply) => reply.code(304).send());
  app.get("/redirect", (_request, reply) => reply.redirect("/plain"));
  app.get("/stream", (_request, reply) => reply.send(Readable.from(["a", "b"])));
  app.get("/empty-stream", (_request, reply) => reply.send(Readable.from([])));
  app.get("/response", async () => new Response("web", { headers: own }));
  app.get("/throws", async () => {
    throw new Error("boom");
  });
  app.get("/fails", (_request, reply) =>
    reply.send(
      new Readable({
        read() {
          this.destroy(new Error("no such file"));
        },
      }),
    ),
  );
  app.get("/hijacked", (_request, reply) => {
    reply.hijack();
    reply.raw.end("raw");
  });
  app.get("/raw", (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "content-type": "text/plain", ...own });
    reply.raw.write("in ");
    reply.raw.end("pieces");
  });
  app.get("/events", (_request, reply) => {
    reply.hijack();
    reply.raw.setHeader("content-type", "text/event-stream");
    for (const [name, value] of Object.entries(own)) reply.raw.setHeader(name, value);
    reply.raw.write("data: 1\n\n");
    reply.raw.end();
  });
  for (const status of [401, 429]) {
    app.get(
      `/${status}`,
      { onRequest: async (_request, reply) => reply.code(status).send({}) },
      async () => "never",
    );
  }
  app.post("/body", async () => "never");
}
