import type { FastifyReply, FastifyRequest } from "fastify";
import { begunExchange, type Exchange } from "./exchange.ts";
import type { Passage } from "./passage.ts";
import type { FastifyPhase } from "./phases.ts";
import { type Done, walk, walkAbort, walkPayload } from "./walk.ts";

/** Where a hook finds the steps of its phase for one exchange. */
export interface Lookup {
  /** Gives the exchange of a request, and begins it if need be. */
  exchange(request: FastifyRequest, reply: FastifyReply): Exchange;
  /** Gives the steps to run now. */
  passage(exchange: Exchange): Passage;
}

/** Builds the one function that runs the steps of a phase, with the arguments that Fastify passes in it. */
export function fastifyHook(
  phase: FastifyPhase,
  { exchange, passage }: Lookup,
): (...args: never[]) => void {
  switch (phase) {
    case "onRequest":
    case "preValidation":
    case "preHandler":
      return (request: FastifyRequest, reply: FastifyReply, done: Done) => {
        const current = exchange(request, reply);
        walk(passage(current), current, request, reply, done);
      };
    case "preParsing":
      return (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done) => {
        const current = exchange(request, reply);
        walkPayload(passage(current), current, request, reply, payload, done);
      };
    case "preSerialization":
    case "onSend":
      return (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done) => {
        walkPayload(passage(exchange(request, reply)), undefined, request, reply, payload, done);
      };
    case "onError":
      return (request: FastifyRequest, reply: FastifyReply, error: Error, done: Done) => {
        walkPayload(
          passage(exchange(request, reply)),
          undefined,
          request,
          reply,
          error,
          done,
          true,
        );
      };
    case "onResponse":
    case "onTimeout":
      return (request: FastifyRequest, reply: FastifyReply, done: Done) => {
        walk(passage(exchange(request, reply)), undefined, request, reply, done);
      };
    case "onRequestAbort":
      return (request: FastifyRequest, done: Done) => {
        // Without an exchange no hook of ours has seen this request.
        const current = begunExchange(request);
        if (current === undefined) done();
        else walkAbort(passage(current), request, current.reply, done);
      };
  }
}
