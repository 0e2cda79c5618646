import type { FastifyReply, FastifyRequest } from "fastify";
import type { Settings } from "./options.ts";

/** Builds the test for exchanges that get no line. */
export function createIgnore({
  ignoredUrls,
  ignores,
}: Settings): (request: FastifyRequest, reply: FastifyReply, route: string | undefined) => boolean {
  return (request, reply, route) =>
    (ignoredUrls.size > 0 &&
      ((route !== undefined && ignoredUrls.has(route)) || ignoredUrls.has(pathOf(request)))) ||
    ignores.some((ignore) => {
      try {
        return ignore(request, reply) === true;
      } catch {
        // A line too many is found; one too few is not.
        return false;
      }
    });
}

function pathOf({ originalUrl }: FastifyRequest): string {
  return originalUrl.split(/[?#;]/, 1)[0] ?? originalUrl;
}
