import { createOptionError, type OptionError } from "@enfilade/layer";
import createError, { type FastifyErrorConstructor } from "@fastify/error";

/** An option of the layer is not valid; the app does not boot. */
export const AUTH_INVALID_OPTION: OptionError = createOptionError("AUTH_INVALID_OPTION");

/** The `config.access` of a route is not valid; the app does not boot. */
export const AUTH_INVALID_ACCESS: OptionError = createOptionError("AUTH_INVALID_ACCESS");

/** What the audit refuses, in an app without an arrangement. */
export const AUTH_REFUSED: FastifyErrorConstructor<{ code: "AUTH_REFUSED" }, [string]> =
  createError("AUTH_REFUSED", "The app does not boot:\n%s", 500);

/** The request came without credentials. */
export const AUTH_REQUIRED: FastifyErrorConstructor<{ code: "AUTH_REQUIRED" }, []> = createError(
  "AUTH_REQUIRED",
  "Authentication is required.",
  401,
);

/** The credentials were sent in a way that leaves open which of them count. */
export const AUTH_INVALID_REQUEST: FastifyErrorConstructor<
  { code: "AUTH_INVALID_REQUEST" },
  [string]
> = createError("AUTH_INVALID_REQUEST", "%s", 400);

/** The principal lacks a scope that the route asks for. */
export const AUTH_INSUFFICIENT_SCOPE: FastifyErrorConstructor<
  { code: "AUTH_INSUFFICIENT_SCOPE" },
  []
> = createError("AUTH_INSUFFICIENT_SCOPE", "The credentials do not allow this.", 403);

/** What the request is about belongs to somebody else. */
export const AUTH_NOT_OWNER: FastifyErrorConstructor<{ code: "AUTH_NOT_OWNER" }, []> = createError(
  "AUTH_NOT_OWNER",
  "This belongs to somebody else.",
  403,
);

/** The route has no rule, and escaped the check at boot; nobody may call it. */
export const AUTH_NO_RULE: FastifyErrorConstructor<{ code: "AUTH_NO_RULE" }, []> = createError(
  "AUTH_NO_RULE",
  "Nobody may call this.",
  403,
);

/** The credentials could not be checked, through no fault of the caller. */
export const AUTH_UNAVAILABLE: FastifyErrorConstructor<{ code: "AUTH_UNAVAILABLE" }, []> =
  createError("AUTH_UNAVAILABLE", "The credentials cannot be checked at the moment.", 503);
