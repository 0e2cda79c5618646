import { order } from "@enfilade/order";
import Fastify, {
  type FastifyHttpOptions,
  type FastifyInstance,
  type RawServerDefault,
} from "fastify";
import { onTestFinished } from "vitest";
import { type ErrorsOptions, errors } from "../src/index.ts";

export type ServerOptions = FastifyHttpOptions<RawServerDefault>;

/** The two ways in which a layer is registered: everything that matters is tested in both. */
export const WAYS = ["alone", "under the order"] as const;
export type Way = (typeof WAYS)[number];

/** Builds an app that closes when the test ends, with `@enfilade/order` or without. */
export async function bareApp(way: Way, options: ServerOptions = {}): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify(options);
  onTestFinished(() => app.close());
  if (way === "under the order") await app.register(order);
  return app;
}

/** Builds an app with the layer. */
export async function errorsApp(
  way: Way,
  options: ErrorsOptions = {},
  serverOptions: ServerOptions = {},
): Promise<FastifyInstance> {
  const app = await bareApp(way, serverOptions);
  await app.register(errors, options);
  return app;
}

/** An error as applications make them. */
export function failWith(message: string, members: object): Error {
  return Object.assign(new Error(message), members);
}

/** Nothing of this may ever reach a client. */
export const SECRET = "connect ECONNREFUSED 10.0.0.5:5432 at /srv/app/db.ts";
