import { record } from "@enfilade/layer";
import fastifyCors from "@fastify/cors";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Answer } from "./answers.ts";

/** Writes what an answer says of CORS; a preflight it also sends. */
export type Engine = (request: FastifyRequest, reply: FastifyReply, answer: Answer) => void;

/**
 * Takes the hook of `@fastify/cors`, and nothing else of it: its `OPTIONS *` route would answer for paths that
 * are not the scope's, its decorator cannot be there twice on one path of scopes.
 */
export async function loadEngine(app: FastifyInstance): Promise<Engine> {
  const { steps } = await record(withoutTraces(app), fastifyCors, {});
  const handle = steps.find(({ phase }) => phase === "onRequest")?.run;
  if (handle === undefined) throw new TypeError("@fastify/cors has added no onRequest hook");
  return (request, reply, { route }) => {
    const { headers, raw } = request;
    // In the place of the request: the engine lays a route's own options over its global ones, unread.
    const facade = { headers, raw, routeOptions: route, corsPreflightEnabled: false };
    handle.call(app, facade, reply, failed);
  };
}

function failed(error?: Error | null): void {
  if (error) throw error;
}

const OMITTED: ReadonlySet<string | symbol> = new Set(["options", "decorateRequest"]);

function withoutTraces(app: FastifyInstance): FastifyInstance {
  const stage: FastifyInstance = new Proxy(app, {
    get(target, property, receiver) {
      return OMITTED.has(property) ? () => stage : Reflect.get(target, property, receiver);
    },
  });
  return stage;
}
