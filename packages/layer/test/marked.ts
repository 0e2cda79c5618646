import type { FastifyInstance, FastifyReply, FastifyServerOptions } from "fastify";
import { createApp, layer } from "./support.ts";

/** An app whose layer sets one header early and one at the last moment, and counts the heads. */
export async function marked(
  options: FastifyServerOptions = {},
): Promise<{ app: FastifyInstance; heads: number[] }> {
  const app = createApp(options);
  const heads: number[] = [];
  await app.register(
    layer({
      onRequest(_request, reply) {
        reply.header("x-early", "yes");
      },
      onHeaders(_request, reply) {
        heads.push(reply.raw.statusCode);
        reply.header("x-late", "yes");
      },
    }),
  );
  return { app, heads };
}

/** What the one route of an app does. */
export type Answer = (reply: FastifyReply) => unknown;

/** Declares the one route of an app. */
export function answering(app: FastifyInstance, answer: Answer): void {
  app.get("/", (_request, reply) => answer(reply));
}

/** Answers by hand, as a handler does that takes the response from Fastify. */
export function raw(write: (raw: FastifyReply["raw"]) => unknown): Answer {
  return (reply) => {
    reply.hijack();
    write(reply.raw);
  };
}
