import { type AppOptions, createApp, type Way } from "@enfilade/line-testing";
import type { FastifyInstance } from "fastify";
import { type ErrorsOptions, errors } from "../src/index.ts";

/** Builds an app with the layer. */
export async function errorsApp(
  way: Way,
  options: ErrorsOptions = {},
  appOptions: AppOptions = {},
): Promise<FastifyInstance> {
  const app = await createApp({ ...appOptions, way });
  await app.register(errors, options);
  return app;
}

/** An error as applications make them. */
export function failWith(message: string, members: object): Error {
  return Object.assign(new Error(message), members);
}

/** Nothing of this may ever reach a client. */
export const SECRET = "connect ECONNREFUSED 10.0.0.5:5432 at /srv/app/db.ts";
