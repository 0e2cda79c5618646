import { order } from "@enfilade/order";
import Fastify, {
  type FastifyHttpOptions,
  type FastifyInstance,
  type RawServerDefault,
} from "fastify";
import { onTestFinished } from "vitest";
import { type TrustedHostOptions, trustedHost } from "../src/index.ts";

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

/** Builds an app with the layer and a route that tells the host. */
export async function hostApp(
  way: Way,
  options: TrustedHostOptions,
  serverOptions: ServerOptions = {},
): Promise<FastifyInstance> {
  const app = await bareApp(way, serverOptions);
  await app.register(trustedHost, options);
  app.get("/", async (request) => request.host);
  app.post("/", async (request) => request.host);
  return app;
}

/** Asks for a path under a host. */
export async function ask(
  app: FastifyInstance,
  host: string,
  more: { url?: string; method?: "GET" | "POST" | "HEAD" | "OPTIONS"; headers?: object } = {},
): Promise<{ status: number; code: unknown; location: unknown; body: string }> {
  const response = await app.inject({
    url: more.url ?? "/",
    method: more.method ?? "GET",
    headers: { host, ...more.headers },
  });
  const isJson = response.body.startsWith("{");
  return {
    status: response.statusCode,
    code: isJson ? response.json().code : undefined,
    location: response.headers.location,
    body: response.body,
  };
}
