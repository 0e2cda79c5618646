import { randomUUID } from "node:crypto";
import { failed } from "./acceptance.ts";
import { REQUEST_ID_CALLBACK_FAILED } from "./errors.ts";
import type { IdCheck } from "./inbound-id.ts";
import { type RequestIdOptions, resolveOptions, type Settings } from "./options.ts";
import type { RawRequest } from "./types.ts";

/** Makes the id of a request; Fastify's `genReqId`. */
export type GenReqId = (request: RawRequest) => string;

/**
 * Builds the function that gives each request its id: the caller's where it is accepted and valid, else a
 * new one. It never throws. The layer sets it by itself; for Fastify's option `genReqId` it is of use
 * where the ids must be right without the layer, as in a server made of several instances.
 *
 * @param report - takes what an `accept` or `generate` of the application did wrong; a process warning by default
 * @throws `REQUEST_ID_INVALID_OPTION` when an option is not valid.
 * @example
 * ```ts
 * const app = Fastify({ genReqId: createGenReqId({ accept: ["10.0.0.0/8"] }) });
 * ```
 */
export function createGenReqId(
  options: RequestIdOptions = {},
  report: (error: Error) => void = warn,
): GenReqId {
  return genReqIdOf(resolveOptions(options, report), report);
}

/** Builds the generator of options that are resolved. */
export function genReqIdOf(settings: Settings, report: (error: Error) => void): GenReqId {
  const { header, isId, accepts } = settings;
  const generate = settings.generate ? guarded(settings.generate, isId, report) : newId;
  return (request) => {
    const inbound = request.headers[header];
    return inbound !== undefined && isId(inbound) && accepts(request) ? inbound : generate(request);
  };
}

/** 122 random bits; Node draws them from a buffer that it fills ahead. */
function newId(): string {
  return randomUUID();
}

/** Fastify calls the generator outside of any hook: an error would end the process. */
function guarded(generate: GenReqId, isId: IdCheck, report: (error: Error) => void): GenReqId {
  return (request) => {
    try {
      const id: unknown = generate(request);
      if (isId(id)) return id;
      report(new REQUEST_ID_CALLBACK_FAILED("generate", "returned what is not a valid id"));
    } catch (error) {
      report(failed("generate", error));
    }
    return newId();
  };
}

function warn(error: Error): void {
  process.emitWarning(error);
}
