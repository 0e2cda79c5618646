import { type AppOptions, answerInEveryKind, createApp } from "@enfilade/line-testing";
import type { FastifyInstance } from "fastify";
import { type TimingOptions, timing } from "../src/index.ts";

/** An app with a route for each kind of response, and timing before them all. */
export async function timedApp(
  options: TimingOptions = {},
  appOptions?: AppOptions,
): Promise<FastifyInstance> {
  const app = await createApp(appOptions);
  await app.register(timing, options);
  answerInEveryKind(app);
  return app;
}
