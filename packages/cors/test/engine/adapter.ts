import { type CorsOptions, cors, type OriginRule } from "@enfilade/cors";
import type { FastifyInstance, FastifyReply } from "fastify";

/*
 * Stands in for @fastify/cors in its own tests: takes its options, says them in ours, and fills in its defaults, so
 * that the tests are about what is done and not about what options are called. What we do not offer throws.
 */

type OriginCallback = (error: Error | null, origin: unknown) => void;

interface EngineOptions {
  readonly origin?: unknown;
  readonly methods?: string | readonly string[];
  readonly credentials?: boolean;
  readonly exposedHeaders?: string | readonly string[] | null;
  readonly allowedHeaders?: string | readonly string[] | null;
  readonly maxAge?: number | null;
  readonly [other: string]: unknown;
}

const OURS = new Set([
  "origin",
  "methods",
  "credentials",
  "exposedHeaders",
  "allowedHeaders",
  "maxAge",
]);

export default async function fastifyCors(
  app: FastifyInstance,
  given: EngineOptions,
): Promise<void> {
  if (typeof given === "function") throw new Error("not offered: a delegator");
  for (const option of Object.keys(given)) {
    if (!OURS.has(option)) throw new Error(`not offered: ${option}`);
  }
  const { methods = "GET,HEAD,POST", allowedHeaders, exposedHeaders, maxAge } = given;
  const options: CorsOptions = {
    origin: translate(given.origin, app),
    credentials: given.credentials ?? false,
    methods: split(methods),
    allowedHeaders: allowedHeaders == null ? "*" : split(allowedHeaders),
    exposedHeaders: split(exposedHeaders ?? []),
    maxAgeSeconds: maxAge ?? 0,
  };
  await cors(app, options);
  app.addHook("onSend", async (_request, reply) => {
    asWritten(reply, "access-control-allow-methods", methods);
    asWritten(reply, "access-control-allow-headers", allowedHeaders);
    asWritten(reply, "access-control-expose-headers", exposedHeaders);
    if (maxAge == null) reply.removeHeader("access-control-max-age");
  });
}

Object.assign(fastifyCors, {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "@fastify/cors",
  fastifyCors,
});

function split(list: string | readonly string[]): readonly string[] {
  return typeof list === "string" ? list.split(/\s*,\s*/) : list;
}

/** The engine sends a string as it was written, where we put a space behind each comma. */
function asWritten(reply: FastifyReply, name: string, given: unknown): void {
  if (typeof given === "string" && reply.hasHeader(name)) {
    const sent = String(reply.getHeader(name));
    if (sent === split(given).join(", ")) reply.header(name, given);
  }
}

function translate(origin: unknown, app: FastifyInstance): NonNullable<CorsOptions["origin"]> {
  if (origin === undefined) return "*";
  if (origin === false) return [];
  // Everybody, but each by name.
  if (origin === true) return /.+/;
  if (typeof origin !== "function") return origin as OriginRule;
  return (asked) =>
    new Promise<boolean>((resolve, reject) => {
      const settle = (verdict: unknown) =>
        resolve(typeof verdict === "string" ? verdict === asked : (verdict as boolean));
      const callback: OriginCallback = (error, verdict) =>
        error ? reject(error) : settle(verdict);
      const promise: unknown = origin.call(app, asked, callback);
      if (promise instanceof Promise) promise.then(settle, reject);
    });
}
