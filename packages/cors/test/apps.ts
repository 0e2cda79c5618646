import { order } from "@enfilade/order";
import Fastify, {
  type FastifyInstance,
  type FastifyServerOptions,
  type LightMyRequestResponse as Response,
} from "fastify";

import { onTestFinished } from "vitest";
import { type CorsOptions, cors } from "../src/index.ts";

export const APP = "https://app.example";
export const EVIL = "https://evil.example";

/** The two ways in which the layer stands in an app. */
export const WAYS: readonly Way[] = [
  { way: "alone", ordered: false },
  { way: "under the order", ordered: true },
];

export interface Way {
  readonly way: string;
  readonly ordered: boolean;
}

/** An app that is closed when the test ends. */
export async function createApp(
  { ordered = false }: Partial<Way> = {},
  server: FastifyServerOptions = {},
): Promise<FastifyInstance> {
  const app = Fastify(server);
  onTestFinished(() => app.close());
  if (ordered) await app.register(order);
  return app;
}

/** An app with the layer and one route, `GET /`. */
export async function corsApp(options: CorsOptions, way?: Partial<Way>): Promise<FastifyInstance> {
  const app = await createApp(way);
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
