import { openSync, writeSync } from "node:fs";
import auth from "@enfilade/auth";
import compress from "@enfilade/compress";
import cors from "@enfilade/cors";
import errors from "@enfilade/errors";
import jwt from "@enfilade/jwt";
import order from "@enfilade/order";
import rateLimit from "@enfilade/rate-limit";
import requestId from "@enfilade/request-id";
import requestLog from "@enfilade/request-log";
import securityHeaders from "@enfilade/security-headers";
import timing from "@enfilade/timing";
import trustedHost from "@enfilade/trusted-host";
import fastifyCompress from "@fastify/compress";
import fastifyCors from "@fastify/cors";
import fastifyHelmet from "@fastify/helmet";
import fastifyJwt from "@fastify/jwt";
import fastifyRateLimit from "@fastify/rate-limit";
import Fastify, { type FastifyInstance, LogController } from "fastify";

export const SECRET = "thirty-two bytes or more, as HS256 wants them";
export const ISSUER = "https://issuer.example";
export const ORIGIN = "https://app.example";
const HOSTS = ["127.0.0.1"];
const nowhere = openSync("/dev/null", "w");
const MANY = 1_000_000_000;

/** Makes an app that answers with 200 bytes of JSON, in a form: bare, with our layers in line, or with official plugins. */
export async function lineApp(form = "bare"): Promise<FastifyInstance> {
  const app = form === "bare" ? Fastify() : logging();
  if (form === "line") await addLayers(app);
  if (form === "plugins") await addPlugins(app);
  app.get("/json", { config: { access: "authenticated" } }, async () => ({
    answer: 42,
    text: "x".repeat(170),
  }));
  return app;
}

function logging(): FastifyInstance {
  return Fastify({
    logger: { stream: { write: (line) => void writeSync(nowhere, line) } },
    logController: new LogController({ disableRequestLogging: true }),
  });
}

async function addLayers(app: FastifyInstance): Promise<void> {
  await app.register(order);
  await app.register(requestId);
  await app.register(timing);
  await app.register(requestLog);
  await app.register(errors);
  await app.register(securityHeaders);
  await app.register(trustedHost, { hosts: HOSTS });
  await app.register(cors, { origin: [ORIGIN] });
  await app.register(jwt, { keys: [{ secret: SECRET }], issuer: ISSUER });
  await app.register(auth);
  await app.register(rateLimit, { max: MANY, timeWindow: "1 minute" });
  await app.register(compress);
}

/** The same work, as the READMEs of the plugins show it; what has no plugin is a hook. */
async function addPlugins(app: FastifyInstance): Promise<void> {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    if (!HOSTS.includes(request.hostname)) return reply.code(400).send({ error: "unknown host" });
  });
  app.addHook("onSend", async (_request, reply) => {
    reply.header("x-process-time-ms", reply.elapsedTime.toFixed(3));
  });
  app.addHook("onResponse", async ({ method, url, log }, { statusCode, elapsedTime }) => {
    log.info({ method, url, statusCode, elapsedTime }, "request completed");
  });
  await app.register(fastifyHelmet);
  await app.register(fastifyCors, { origin: [ORIGIN], credentials: true });
  await app.register(fastifyRateLimit, { max: MANY, timeWindow: "1 minute" });
  await app.register(fastifyJwt, { secret: SECRET, verify: { allowedIss: ISSUER } });
  app.addHook("onRequest", (request) => request.jwtVerify());
  await app.register(fastifyCompress);
  app.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ error: error.message }),
  );
}
