import { errors } from "@enfilade/errors";
import { memoryStore } from "@enfilade/limiter";
import { order } from "@enfilade/order";
import { createRecorder, createStoppedClock, listen } from "@enfilade/testing";
import Fastify from "fastify";
import { type RateLimitOptions, rateLimit } from "../../src/index.ts";
import { completion, message, streamedCompletion } from "./completions.ts";

/** A request as the server saw it, and what its client was told. */
export interface Arrival {
  /** On the monotonic clock. */
  readonly atMs: number;
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** A server whose limit is used up. */
export interface LimitedServer {
  readonly origin: string;
  /** What came after that, oldest first; everything, once its client has given up or has its answer. */
  arrivals(): Promise<readonly Arrival[]>;
}

/** One request, and the next one after a moment. */
export const BRIEFLY: RateLimitOptions = { max: 1, burst: 1, timeWindow: 400 };
/** One request, and the next one after longer than a user waits. */
export const FOR_ELEVEN_MINUTES: RateLimitOptions = { max: 1, burst: 1, timeWindow: "11 minutes" };
/** Answers that cost more than there ever is. */
export const FOR_EVER: RateLimitOptions = {
  ...BRIEFLY,
  cost: ({ method }) => (method === "POST" ? 2 : 1),
};

/** Starts a server that answers as those of model providers do, and has let one request in. */
export async function startServer(options: RateLimitOptions): Promise<LimitedServer> {
  const app = Fastify();
  await app.register(order);
  await app.register(errors, { dialects: { "/v1/chat": "openai" } });
  // However slow the machine is: the time that a client waits for begins when it is refused.
  const clock = createStoppedClock();
  const store = memoryStore({ now: clock.now });
  await app.register(rateLimit, { ...options, store, onExceeded: clock.start });
  app.get("/", async () => "in");
  app.post("/v1/messages", async () => message);
  app.post<{ Body: { stream?: boolean } }>("/v1/chat/completions", async ({ body }, reply) =>
    body.stream ? reply.type("text/event-stream").send(streamedCompletion) : completion,
  );
  const answered = createRecorder<Arrival>();
  app.addHook("onResponse", async (request, reply) => {
    if (request.method === "GET") return;
    const atMs = performance.now() - reply.elapsedTime;
    answered.record({ atMs, status: reply.statusCode, headers: reply.getHeaders() });
  });
  const origin = await listen(app);
  await fetch(origin);

  let requests = 0;
  app.server.on("request", () => requests++);
  return { origin, arrivals: () => answered.until(({ length }) => length === requests) };
}
