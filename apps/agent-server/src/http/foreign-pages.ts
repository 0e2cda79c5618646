import { isForged } from "@enfilade/auth";
import type { FastifyInstance } from "fastify";
import { HttpError } from "./errors.ts";

/**
 * Refuses what pages of other sites have a browser send, unless their origin is listed.
 *
 * For a server that asks nobody who they are: it is reached by every page that its user opens. Such a page reads no
 * answer, but a form needs no preflight, and a run costs what it costs.
 */
export function refuseForeignPages(app: FastifyInstance): void {
  app.addHook("preParsing", async (request, reply) => {
    const isListed = reply.hasHeader("access-control-allow-origin");
    if (!isListed && isForged(request)) {
      throw new HttpError(
        403,
        "Pages of other sites may not do this, unless CORS_ORIGINS lists them",
      );
    }
  });
}
