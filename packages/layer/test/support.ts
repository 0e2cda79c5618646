import { createDeferred, createRecorder, type Recorder } from "@enfilade/testing";
import Fastify, { type FastifyInstance, type FastifyServerOptions } from "fastify";
import { onTestFinished } from "vitest";
import {
  defineLayer,
  exchangeOf,
  type Layer,
  type LayerHooks,
  type Outcome,
  type Place,
} from "../src/index.ts";

/** Makes an app that is closed when the test ends. */
export function createApp(options: FastifyServerOptions = {}): FastifyInstance {
  const app: FastifyInstance = Fastify(options);
  onTestFinished(() => app.close());
  return app;
}

/** Makes a layer out of hooks alone. */
export function layer(hooks: LayerHooks, name = "probe", place: Place = "observe"): Layer {
  return defineLayer({ name, place, setup: () => hooks });
}

/** One settled exchange. */
export interface Ending {
  readonly url: string;
  readonly outcome: Outcome;
  readonly status: number;
  /** Whether its headers had gone out. */
  readonly headed: boolean;
}

/** Registers a layer that records how every exchange of the app ends. */
export async function watchEndings(app: FastifyInstance): Promise<Recorder<Ending>> {
  const endings = createRecorder<Ending>();
  await app.register(
    layer({
      onSettled(request, reply, outcome) {
        const { url } = request;
        const headed = exchangeOf(request)?.headersAt !== undefined;
        endings.record({ url, outcome, status: reply.statusCode, headed });
      },
    }),
  );
  return endings;
}

/** Waits for an ending, closes the app, and gives every outcome: a second settling would be among them. */
export async function outcomesOf(
  app: FastifyInstance,
  endings: Recorder<Ending>,
  count = 1,
): Promise<Outcome[]> {
  await endings.until(({ length }) => length >= count);
  await app.close();
  return endings.items.map(({ outcome }) => outcome);
}

/** A route that never answers by itself, and tells when it was reached. */
export function neverAnswers(app: FastifyInstance): Promise<void> {
  const reached = createDeferred();
  app.route({
    method: ["GET", "POST"],
    url: "/never",
    handler() {
      reached.resolve();
      return new Promise(() => {});
    },
  });
  return reached.promise;
}
