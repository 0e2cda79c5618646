import { auth } from "@enfilade/auth";
import { type AppOptions, createApp } from "@enfilade/line-testing";
import type { FastifyInstance } from "fastify";
import {
  type ApiKeyOptions,
  apiKey,
  generateKey,
  type KeyRecord,
  type NewKey,
} from "../src/index.ts";

/** The key that most tests use. */
export const ANN: NewKey = generateKey();
export const ANN_RECORD: KeyRecord = {
  id: "ann",
  hash: ANN.hash,
  scopes: ["agents:run"],
  owner: "user-1",
};

/** An app with one guarded route, that says who has called; closed at the end. */
export async function make(
  options: ApiKeyOptions,
  appOptions?: AppOptions,
): Promise<FastifyInstance> {
  const app = await createApp(appOptions);
  await app.register(apiKey, options);
  await app.register(auth);
  app.get("/", { config: { access: "authenticated" } }, async ({ principal }) => principal);
  return app;
}

/** Calls with a header, and gives the status. */
export async function statusOf(
  app: FastifyInstance,
  headers: Record<string, string>,
): Promise<number> {
  return (await app.inject({ url: "/", headers })).statusCode;
}
