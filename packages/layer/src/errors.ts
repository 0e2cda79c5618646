import createError, { type FastifyErrorConstructor } from "@fastify/error";

/** Thrown for a layer that could never run as it was written: its name, its place, what its `setup` returns. */
export const LAYER_INVALID_DEFINITION: FastifyErrorConstructor<
  { code: "LAYER_INVALID_DEFINITION" },
  [string, string, string]
> = createError("LAYER_INVALID_DEFINITION", "The layer %s is not valid: %s. %s", 500, TypeError);

/** Thrown on registration for a `layer` or a `prefix` that cannot be obeyed. */
export const LAYER_INVALID_REGISTRATION: FastifyErrorConstructor<
  { code: "LAYER_INVALID_REGISTRATION" },
  [string, string, string]
> = createError(
  "LAYER_INVALID_REGISTRATION",
  "The registration of the layer %s is not valid: %s. %s",
  500,
  TypeError,
);

/** Stands for the nothing that a hook threw, so that it fails. */
export const LAYER_EMPTY_REJECTION: FastifyErrorConstructor<
  { code: "LAYER_EMPTY_REJECTION" },
  [string]
> = createError(
  "LAYER_EMPTY_REJECTION",
  "A hook of the phase %s failed without an error; throw an Error instead.",
  500,
);
