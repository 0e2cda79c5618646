import type { FastifyReply, FastifyRequest } from "fastify";
import { LAYER_EMPTY_REJECTION } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { isThenable } from "./thenable.ts";
import type { Step } from "./types.ts";

/*
 * How the steps of one phase are run. Synchronous steps cost no promise and no closure; the first one that
 * takes time goes over to a continuation, which then serves all the rest. A foreign step may call back or
 * return a promise, as Fastify allows. It is continued inside its own `done`, so that a context that it
 * opened (`AsyncLocalStorage.run`) holds for everything further in. `this` is the route's instance.
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
): void {
  if (steps.length === 0) {
    done();
    return;
  }
  const { server } = request;
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index] as Step;
    if (step.style === "callback") {
      walkOn(steps, index, exchange, request, reply, done);
      return;
    }
    let result: unknown;
    try {
      result = step.run.call(server, request, reply);
    } catch (error) {
      done(reasonOf(error, step));
      return;
    }
    if (exchange?.answered) return;
    if (isThenable(result)) {
      walkOn(steps, index + 1, exchange, request, reply, done, result);
      return;
    }
  }
  done();
}

/** Runs the steps from `start` on, once `pending` has come true. */
function walkOn(
  steps: readonly Step[],
  start: number,
  exchange: Exchange | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  done: Done,
  pending?: PromiseLike<unknown>,
): void {
  const { server } = request;
  let index = start;
  const goOn = (): void => {
    while (!exchange?.answered) {
      const step = steps[index++];
      if (step === undefined) {
        done();
        return;
      }
      let result: unknown;
      try {
        result =
          step.style === "return"
            ? step.run.call(server, request, reply)
            : step.run.call(server, request, reply, next);
      } catch (thrown) {
        done(reasonOf(thrown, step));
        return;
      }
      if (isThenable(result)) {
        // A reply is awaited until it was sent: whoever returns it has answered, and nothing may follow.
        if ((result as unknown) !== reply) result.then(goOn, fail);
        return;
      }
      if (step.style === "callback") return;
    }
  };
  const next = (error?: Error | null): void => {
    if (error) done(error);
    else goOn();
  };
  const fail = (error: unknown) => done(reasonOf(error, steps[index - 1]));
  if (pending === undefined) goOn();
  else if ((pending as unknown) !== reply) pending.then(goOn, fail);
}

/**
 * Runs the steps of a phase that hands a payload on; a step that gives `undefined` keeps it. With
 * `constant`, what the steps give counts for nothing: an error is watched, not changed.
 */
export function walkPayload(
  steps: readonly Step[],
  exchange: Exchange | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: Done,
  constant = false,
): void {
  if (steps.length === 0) {
    done(null, payload);
    return;
  }
  const { server } = request;
  let current = payload;
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index] as Step;
    if (step.style === "callback") {
      walkPayloadOn(steps, index, exchange, request, reply, current, done, constant);
      return;
    }
    let result: unknown;
    try {
      result = step.run.call(server, request, reply, current);
    } catch (error) {
      done(reasonOf(error, step));
      return;
    }
    if (exchange?.answered) return;
    if (isThenable(result)) {
      walkPayloadOn(steps, index + 1, exchange, request, reply, current, done, constant, result);
      return;
    }
    if (result !== undefined && !constant) current = result;
  }
  done(null, current);
}

function walkPayloadOn(
  steps: readonly Step[],
  start: number,
  exchange: Exchange | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: Done,
  constant: boolean,
  pending?: PromiseLike<unknown>,
): void {
  const { server } = request;
  let index = start;
  let current = payload;
  const goOn = (value?: unknown): void => {
    if (value !== undefined && !constant) current = value;
    try {
      while (!exchange?.answered) {
        const step = steps[index++];
        if (step === undefined) {
          done(null, current);
          return;
        }
        const result =
          step.style === "return"
            ? step.run.call(server, request, reply, current)
            : step.run.call(server, request, reply, current, next);
        if (isThenable(result)) {
          result.then(goOn, fail);
          return;
        }
        if (step.style === "callback") return;
        if (result !== undefined && !constant) current = result;
      }
    } catch (error) {
      // A step, or a head that cannot be written: in a promise it would end the process.
      fail(error);
    }
  };
  const next = (error?: Error | null, value?: unknown): void => {
    if (error) done(error);
    else goOn(value);
  };
  const fail = (error: unknown) => done(reasonOf(error, steps[index - 1]));
  if (pending === undefined) goOn();
  else pending.then(goOn, fail);
}

/** Runs the steps of `onRequestAbort`, which have no reply to look at. */
export function walkAbort(
  steps: readonly Step[],
  request: FastifyRequest,
  reply: FastifyReply,
  done: Done,
): void {
  const watchers = steps.map(
    ({ phase, style, run }): Step => ({
      phase,
      style,
      run(_request, _reply, goOn) {
        return run.call(this, request, goOn);
      },
    }),
  );
  walk(watchers, undefined, request, reply, done);
}

/** A hook that fails with nothing, or with something falsy, must not count as one that has not failed. */
function reasonOf(error: unknown, step: Step | undefined): Error {
  return (error as Error | undefined) || new LAYER_EMPTY_REJECTION(step?.phase ?? "unknown");
}
