import type { FastifyReply, FastifyRequest } from "fastify";
import { LAYER_EMPTY_REJECTION } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { isThenable } from "./thenable.ts";
import type { Step } from "./types.ts";

/*
 * How the steps of one phase are run. A foreign step may call back or return a promise, as Fastify
 * allows; ours return. Synchronous steps cost no promise and no closure. A callback step
 * is continued inside its own `done`, so that a context that it opened (`AsyncLocalStorage.run`) holds
 * for everything further in. `this` is the route's instance, as in Fastify's own hooks.
 */

/** Fastify's continuation of a hook. */
export type Done = (error?: Error | null, payload?: unknown) => void;

/**
 * Runs the steps of a phase without a payload. Inbound phases pass their exchange, and stop once a step
 * has answered; outbound ones pass `undefined`, and run to the end.
 */
export function walk(
  steps: readonly Step[],
  exchange: Exchange | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  done: Done,
  start = 0,
): void {
  const { server } = request;
  for (let index = start; index < steps.length; index++) {
    const step = steps[index] as Step;
    let result: unknown;
    try {
      if (step.style === "callback") {
        const goOn = walkOn(steps, exchange, request, reply, done, index + 1);
        result = step.run.call(server, request, reply, goOn);
        if (isThenable(result) && (result as unknown) !== reply)
          result.then(() => goOn(), failWith(step, done));
        return;
      }
      result = step.run.call(server, request, reply);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (exchange?.answered) return;
    if (isThenable(result)) {
      // A reply that is awaited, but was never sent, would wait for itself.
      if ((result as unknown) === reply) return;
      const goOn = walkOn(steps, exchange, request, reply, done, index + 1);
      result.then(() => goOn(), failWith(step, done));
      return;
    }
  }
  done();
}

function walkOn(
  steps: readonly Step[],
  exchange: Exchange | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  done: Done,
  index: number,
): Done {
  return (error) => {
    if (error != null) done(error);
    else if (!exchange?.answered) walk(steps, exchange, request, reply, done, index);
  };
}

/** Runs the steps of a phase that hands a payload on; a step that gives `undefined` keeps it. */
export function walkPayload(
  steps: readonly Step[],
  exchange: Exchange | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: Done,
  start = 0,
): void {
  const { server } = request;
  let current = payload;
  for (let index = start; index < steps.length; index++) {
    const step = steps[index] as Step;
    let result: unknown;
    try {
      if (step.style === "callback") {
        const goOn = walkPayloadOn(steps, exchange, request, reply, current, done, index + 1);
        result = step.run.call(server, request, reply, current, goOn);
        if (isThenable(result)) {
          result.then((value) => goOn(null, value), failWith(step, done));
        }
        return;
      }
      result = step.run.call(server, request, reply, current);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (exchange?.answered) return;
    if (isThenable(result)) {
      const goOn = walkPayloadOn(steps, exchange, request, reply, current, done, index + 1);
      result.then((value) => goOn(null, value), failWith(step, done));
      return;
    }
    if (result !== undefined) current = result;
  }
  done(null, current);
}

function walkPayloadOn(
  steps: readonly Step[],
  exchange: Exchange | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  kept: unknown,
  done: Done,
  index: number,
): Done {
  return (error, value) => {
    if (error != null) {
      done(error);
    } else if (!exchange?.answered) {
      const payload = value === undefined ? kept : value;
      walkPayload(steps, exchange, request, reply, payload, done, index);
    }
  };
}

/** Runs the steps of `onError`, which watch an error and cannot change it. */
export function walkError(
  steps: readonly Step[],
  request: FastifyRequest,
  reply: FastifyReply,
  error: Error,
  done: Done,
): void {
  const watchers = steps.map((step) =>
    rewire(step, (self, goOn) => step.run.call(self, request, reply, error, goOn)),
  );
  walk(watchers, undefined, request, reply, done);
}

/** Runs the steps of `onRequestAbort`, which have no reply to look at. */
export function walkAbort(
  steps: readonly Step[],
  request: FastifyRequest,
  reply: FastifyReply,
  done: Done,
): void {
  const watchers = steps.map((step) =>
    rewire(step, (self, goOn) => step.run.call(self, request, goOn)),
  );
  walk(watchers, undefined, request, reply, done);
}

/** Makes a step with arguments of its own walk like all others. */
function rewire({ phase, style }: Step, call: (self: Step, goOn: unknown) => unknown): Step {
  return {
    phase,
    style,
    run(_request, _reply, goOn) {
      return call(this, goOn);
    },
  };
}

function failWith(step: Step, done: Done): (error: unknown) => void {
  return (error) => done((error as Error | undefined) ?? new LAYER_EMPTY_REJECTION(step.phase));
}
