import type { FastifyReply, FastifyRequest } from "fastify";
import { LAYER_EMPTY_REJECTION } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { type Passage, passageOf } from "./passage.ts";
import { isThenable } from "./thenable.ts";
import type { Step } from "./types.ts";

/*
 * How the steps of one phase are run. Synchronous steps cost no promise and no closure; the first one that
 * takes time goes over to a continuation, which then serves all the rest. A foreign step may call back or
 * return a promise, as Fastify allows. It is continued inside its own `done`, so that a context that it
 * opened (`AsyncLocalStorage.run`) holds for everything further in. `this` is the route's instance.
 *
 * A reply has a `then` that waits until it was sent. It is never waited for: whoever returns it on the way in has
 * answered; on the way out, others would miss their turn, and the response would wait for its own end.
 */

type Run = Step["run"];

/** Fastify's continuation of a hook. */
export type Done = (error?: Error | null, payload?: unknown) => void;

/**
 * Runs the steps of a phase without a payload. Inbound phases pass their exchange, and stop once a step
 * has answered; outbound ones pass `undefined`, and run to the end.
 */
export function walk(
  passage: Passage,
  exchange: Exchange | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  done: Done,
): void {
  const { runs, returning } = passage;
  if (runs.length === 0) {
    done();
    return;
  }
  if (exchange !== undefined) exchange.walking = true;
  const { server } = request;
  for (let index = 0; index < returning; index++) {
    let result: unknown;
    try {
      result = (runs[index] as Run).call(server, request, reply);
    } catch (error) {
      done(reasonOf(error, passage, index));
      return;
    }
    if (exchange?.answered === true) return;
    if (result === reply) {
      if (exchange === undefined) continue;
      return;
    }
    if (result !== undefined && isThenable(result)) {
      walkOn(passage, index + 1, exchange, request, reply, done, result);
      return;
    }
  }
  if (returning === runs.length) {
    leave(exchange);
    done();
  } else walkOn(passage, returning, exchange, request, reply, done);
}

/** Runs the steps from `start` on, once `pending` has come true. */
function walkOn(
  passage: Passage,
  start: number,
  exchange: Exchange | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  done: Done,
  pending?: PromiseLike<unknown>,
): void {
  const { steps, runs, returning } = passage;
  const { server } = request;
  let index = start;
  const goOn = (): void => {
    while (exchange?.answered !== true) {
      if (index === runs.length) {
        leave(exchange);
        done();
        return;
      }
      const run = runs[index] as Run;
      const returns = index < returning || steps[index]?.style === "return";
      index += 1;
      let result: unknown;
      try {
        result = returns
          ? run.call(server, request, reply)
          : run.call(server, request, reply, next);
      } catch (thrown) {
        fail(thrown);
        return;
      }
      if (result === reply) {
        if (exchange === undefined) continue;
        return;
      }
      if (isThenable(result)) {
        result.then(goOn, fail);
        return;
      }
      if (!returns) return;
    }
  };
  const next = (error?: Error | null): void => {
    if (error) done(error);
    else goOn();
  };
  const fail = (error: unknown) => done(reasonOf(error, passage, index - 1));
  if (pending === undefined) goOn();
  else pending.then(goOn, fail);
}

/**
 * Runs the steps of a phase that hands a payload on; a step that gives `undefined` keeps it. With
 * `constant`, what the steps give counts for nothing: an error is watched, not changed.
 */
export function walkPayload(
  passage: Passage,
  exchange: Exchange | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: Done,
  constant = false,
): void {
  const { runs, returning } = passage;
  if (runs.length === 0) {
    done(null, payload);
    return;
  }
  if (exchange !== undefined) exchange.walking = true;
  const { server } = request;
  let current = payload;
  for (let index = 0; index < returning; index++) {
    let result: unknown;
    try {
      result = (runs[index] as Run).call(server, request, reply, current);
    } catch (error) {
      done(reasonOf(error, passage, index));
      return;
    }
    if (exchange?.answered === true) return;
    if (result === undefined) continue;
    if (result === reply) {
      if (exchange === undefined) continue;
      return;
    }
    if (isThenable(result)) {
      walkPayloadOn(passage, index + 1, exchange, request, reply, current, done, constant, result);
      return;
    }
    if (!constant) current = result;
  }
  if (returning === runs.length) {
    leave(exchange);
    done(null, current);
  } else walkPayloadOn(passage, returning, exchange, request, reply, current, done, constant);
}

function walkPayloadOn(
  passage: Passage,
  start: number,
  exchange: Exchange | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: Done,
  constant: boolean,
  pending?: PromiseLike<unknown>,
): void {
  const { steps, runs, returning } = passage;
  const { server } = request;
  let index = start;
  let current = payload;
  const goOn = (value?: unknown): void => {
    if (value !== undefined && !constant) current = value;
    try {
      while (exchange?.answered !== true) {
        if (index === runs.length) {
          leave(exchange);
          done(null, current);
          return;
        }
        const run = runs[index] as Run;
        const returns = index < returning || steps[index]?.style === "return";
        index += 1;
        const result = returns
          ? run.call(server, request, reply, current)
          : run.call(server, request, reply, current, next);
        if ((result as unknown) === reply) {
          if (exchange === undefined) continue;
          return;
        }
        if (isThenable(result)) {
          result.then(goOn, fail);
          return;
        }
        if (!returns) return;
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
  const fail = (error: unknown) => done(reasonOf(error, passage, index - 1));
  if (pending === undefined) goOn();
  else pending.then(goOn, fail);
}

/** Runs the steps of `onRequestAbort`, which have no reply to look at. */
export function walkAbort(
  { steps }: Passage,
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
  walk(passageOf(watchers), undefined, request, reply, done);
}

/** Tells an exchange that its layers were walked through: what comes next may be a hook of a user's own. */
function leave(exchange: Exchange | undefined): void {
  if (exchange !== undefined) exchange.walking = false;
}

/** A hook that fails with nothing, or with something falsy, must not count as one that has not failed. */
function reasonOf(error: unknown, { steps }: Passage, index: number): Error {
  return (
    (error as Error | undefined) || new LAYER_EMPTY_REJECTION(steps[index]?.phase ?? "unknown")
  );
}
