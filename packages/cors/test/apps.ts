import { type AppOptions, createApp } from "@enfilade/line-testing";
import type { FastifyInstance, LightMyRequestResponse as Response } from "fastify";
import { type CorsOptions, cors } from "../src/index.ts";

export const APP = "https://app.example";
export const EVIL = "https://evil.example";

/** An app with the layer and one route, `GET /`. */
export async function corsApp(
  options: CorsOptions,
  appOptions?: AppOptions,
): Promise<FastifyInstance> {
  const app = await createApp(appOptions);
  await app.register(cors, options);
  app.get("/", async () => ({ ok: true }));
  return app;
}

/** Asks as a page does before it sends what is not simple. */
export function preflight(
  app: FastifyInstance,
  url: string,
  {
    origin = APP,
    method = "PUT",
    headers = {},
  }: { origin?: string; method?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  return app.inject({
    method: "OPTIONS",
    url,
    headers: { origin, "access-control-request-method": method, ...headers },
  });
}

/** The headers of a response that speak of CORS, and `Vary`. */
export function corsHeaders({ headers }: Response): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => name === "vary" || name.startsWith("access-control-"),
    ),
  );
}
