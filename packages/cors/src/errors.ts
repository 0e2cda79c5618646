import { createOptionError, type OptionError } from "@enfilade/layer";
import createError, { type FastifyErrorConstructor } from "@fastify/error";

/** Thrown on registration, and at ready for a route, when an option is not valid. */
export const CORS_INVALID_OPTION: OptionError = createOptionError("CORS_INVALID_OPTION");

/** Thrown like {@link CORS_INVALID_OPTION} when every page of the web could read with its visitor's credentials. */
export const CORS_WILDCARD_CREDENTIALS: FastifyErrorConstructor<
  { code: "CORS_WILDCARD_CREDENTIALS" },
  [where: string, why: string]
> = createError(
  "CORS_WILDCARD_CREDENTIALS",
  "%s: credentials are on, and %s. List the origins that may use them, or turn credentials off.",
  500,
  TypeError,
);

/** Thrown like {@link CORS_INVALID_OPTION} for a pattern that some origin could keep busy for long. */
export const CORS_UNSAFE_PATTERN: FastifyErrorConstructor<
  { code: "CORS_UNSAFE_PATTERN" },
  [where: string, pattern: string]
> = createError(
  "CORS_UNSAFE_PATTERN",
  '%s: the pattern %s can backtrack without end on an origin made for it. Take quantifiers inside quantifiers and overlapping alternatives out of it, or write "https://*.example.com".',
  500,
  TypeError,
);

/** Thrown on registration where the very same instance has the layer already. */
export const CORS_REGISTERED_TWICE: FastifyErrorConstructor<{ code: "CORS_REGISTERED_TWICE" }, []> =
  createError(
    "CORS_REGISTERED_TWICE",
    "@enfilade/cors was registered twice in one instance, and a response can follow one policy only. Give routes of another policy config.cors, or a scope of their own.",
  );

/** Answers, with status 403, a preflight or a WebSocket upgrade from an origin that is not allowed. */
export const CORS_ORIGIN_REFUSED: FastifyErrorConstructor<{ code: "CORS_ORIGIN_REFUSED" }, []> =
  createError("CORS_ORIGIN_REFUSED", "This origin may not make the request.", 403);

/** Answers, with status 400, a preflight whose list of headers is none. */
export const CORS_INVALID_PREFLIGHT: FastifyErrorConstructor<
  { code: "CORS_INVALID_PREFLIGHT" },
  []
> = createError(
  "CORS_INVALID_PREFLIGHT",
  "Access-Control-Request-Headers is no list of header names.",
  400,
);

/** Fails a request, with status 500, whose origin a function of yours judged by neither true nor false. */
export const CORS_INVALID_VERDICT: FastifyErrorConstructor<
  { code: "CORS_INVALID_VERDICT" },
  [received: string]
> = createError(
  "CORS_INVALID_VERDICT",
  "@enfilade/cors: an origin function gave %s. Let it return true or false, or a promise of one.",
  500,
  TypeError,
);
