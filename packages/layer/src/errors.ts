import createError, { type FastifyErrorConstructor } from "@fastify/error";

export const LAYER_INVALID_DEFINITION: FastifyErrorConstructor<
  { code: "LAYER_INVALID_DEFINITION" },
  [string, string, string]
> = createError("LAYER_INVALID_DEFINITION", "The layer %s is not valid: %s. %s", 500, TypeError);

export const LAYER_INVALID_REGISTRATION: FastifyErrorConstructor<
  { code: "LAYER_INVALID_REGISTRATION" },
  [string, string, string]
> = createError(
  "LAYER_INVALID_REGISTRATION",
  "The registration of the layer %s is not valid: %s. %s",
  500,
  TypeError,
);

export const LAYER_EMPTY_REJECTION: FastifyErrorConstructor<
  { code: "LAYER_EMPTY_REJECTION" },
  [string]
> = createError(
  "LAYER_EMPTY_REJECTION",
  "A hook of the phase %s failed without an error; throw an Error instead.",
  500,
);
