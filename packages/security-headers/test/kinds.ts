import {
  type AppOptions,
  answerInEveryKind,
  createApp,
  KINDS,
  type Kind,
} from "@enfilade/line-testing";
import type { FastifyInstance, FastifyReply } from "fastify";
import { createHeaders, type SecurityHeadersOptions, securityHeaders } from "../src/index.ts";

/** The kinds of {@link variedApp}, and what comes of a request that no hook sees. */
export const EVERY_KIND: readonly Kind[] = [
  ...KINDS,
  ["a URL that does not parse, by createHeaders", { path: "/%zz" }, 400],
];

/** Builds an app that answers in every way there is, and where a handler makes its headers itself, leaks. */
export async function variedApp(
  options: SecurityHeadersOptions = {},
  appOptions: AppOptions = {},
): Promise<FastifyInstance> {
  const app = await createApp({
    ...appOptions,
    frameworkErrors(error, request, reply: FastifyReply) {
      reply.headers(createHeaders(options, request.protocol === "https")).send(error);
    },
  });
  await app.register(securityHeaders, options);
  answerInEveryKind(app, { Server: "leak", "X-Powered-By": "leak" });
  return app;
}
