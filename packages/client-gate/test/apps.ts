import { type AppOptions, createApp, type Way } from "@enfilade/line-testing";
import type { FastifyInstance } from "fastify";
import { type ClientGateOptions, clientGate } from "../src/index.ts";

/** Builds an app with the layer and a route. */
export async function gateApp(
  way: Way,
  options: ClientGateOptions,
  appOptions: AppOptions = {},
): Promise<FastifyInstance> {
  const app = await createApp({ ...appOptions, way });
  await app.register(clientGate, options);
  app.get("/", async () => "here");
  app.post("/", async () => "here");
  return app;
}

interface Asked {
  readonly url?: string;
  readonly method?: "GET" | "POST" | "HEAD" | "OPTIONS";
  /** The `User-Agent`; none is sent without. */
  readonly as?: string;
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

/** Asks for a path as some client. */
export async function ask(
  app: FastifyInstance,
  { url = "/", method = "GET", as, from = "192.0.2.1", headers = {} }: Asked,
): Promise<{ status: number; code: unknown; body: string; headers: Record<string, unknown> }> {
  const response = await app.inject({
    url,
    method,
    remoteAddress: from,
    // inject() has a User-Agent of its own for none.
    headers: { "user-agent": as ?? "", ...headers },
  });
  const isJson = response.body.startsWith("{");
  return {
    status: response.statusCode,
    code: isJson ? response.json().code : undefined,
    body: response.body,
    headers: response.headers,
  };
}

/** Gives the status that a client gets. */
export async function statusFor(app: FastifyInstance, client: Asked): Promise<number> {
  return (await ask(app, client)).status;
}
