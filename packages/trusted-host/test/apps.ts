import { type AppOptions, createApp, type Way } from "@enfilade/line-testing";
import type { FastifyInstance } from "fastify";
import { type TrustedHostOptions, trustedHost } from "../src/index.ts";

/** Builds an app with the layer and a route that tells the host. */
export async function hostApp(
  way: Way,
  options: TrustedHostOptions,
  appOptions: AppOptions = {},
): Promise<FastifyInstance> {
  const app = await createApp({ ...appOptions, way });
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
