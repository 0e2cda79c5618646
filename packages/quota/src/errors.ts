import { createOptionError, type OptionError } from "@enfilade/layer";
import createError, { type FastifyErrorConstructor } from "@fastify/error";

/** The constructor of one of this package's coded errors. */
export type QuotaError<Code extends string, Parts extends unknown[]> = FastifyErrorConstructor<
  { code: Code },
  Parts
>;

/** An option of the layer, of a policy, of the admin view or of a route is not valid; the app does not boot. */
export const QUOTA_INVALID_OPTION: OptionError = createOptionError("QUOTA_INVALID_OPTION");

/** The admin view would be open to everybody; the app does not boot. */
export const QUOTA_ADMIN_UNPROTECTED: QuotaError<"QUOTA_ADMIN_UNPROTECTED", [where: string]> =
  createError(
    "QUOTA_ADMIN_UNPROTECTED",
    "@enfilade/quota: nothing checks who may call the admin view below %s. Register @enfilade/auth in its scope or above, or protect it yourself and say access: false.",
    500,
  );

/** There is no quota layer in the scope of the admin view or above; the app does not boot. */
export const QUOTA_NOT_REGISTERED: QuotaError<"QUOTA_NOT_REGISTERED", []> = createError(
  "QUOTA_NOT_REGISTERED",
  "@enfilade/quota: the admin view has no quota to show. Register the layer in its scope or above, and first.",
  500,
);

/**
 * Thrown where a route is declared whose clients would be told of two policies of one name; under an arrangement it
 * is a finding.
 */
export const QUOTA_NAME_TAKEN: QuotaError<
  "QUOTA_NAME_TAKEN",
  [route: string, what: string, fix: string]
> = createError("QUOTA_NAME_TAKEN", "@enfilade/quota: on %s %s. %s", 500);

/** Nothing is left of a policy for now. */
export const QUOTA_EXCEEDED: QuotaError<"QUOTA_EXCEEDED", [message: string]> = createError(
  "QUOTA_EXCEEDED",
  "%s",
  429,
);

/** The estimate of a run is more than a policy ever admits. */
export const QUOTA_NEVER_FITS: QuotaError<"QUOTA_NEVER_FITS", [message: string]> = createError(
  "QUOTA_NEVER_FITS",
  "%s",
  413,
);

/** A policy grants this caller nothing. */
export const QUOTA_NOT_GRANTED: QuotaError<"QUOTA_NOT_GRANTED", []> = createError(
  "QUOTA_NOT_GRANTED",
  "This caller has no quota for this.",
  403,
);

/** The server has no room, whoever asks: a limit of all callers together, a full queue, a store that is away. */
export const QUOTA_BUSY: QuotaError<"QUOTA_BUSY", []> = createError(
  "QUOTA_BUSY",
  "The server has no room for this at the moment.",
  503,
);

/** Why a run may not go on: it has used more than was reserved, and nothing is left. */
export const QUOTA_EXHAUSTED: QuotaError<"QUOTA_EXHAUSTED", [message: string]> = createError(
  "QUOTA_EXHAUSTED",
  "%s",
  429,
);

/** Why a run may not go on: its lease ran out, and by now another run is in its place. */
export const QUOTA_LEASE_LOST: QuotaError<"QUOTA_LEASE_LOST", []> = createError(
  "QUOTA_LEASE_LOST",
  "The run has lost its place.",
  503,
);

/**
 * Why a run need not go on: its client has gone, its response was broken off, its handler is out of time. Nobody gets this answer; 499 keeps
 * it from being logged as an error of the server.
 */
export const QUOTA_RUN_ABANDONED: QuotaError<"QUOTA_RUN_ABANDONED", []> = createError(
  "QUOTA_RUN_ABANDONED",
  "Nobody waits for the run any more.",
  499,
);

/** A usage, or an estimate, that cannot be counted. */
export const QUOTA_INVALID_USAGE: QuotaError<
  "QUOTA_INVALID_USAGE",
  [what: string, unit: string, received: string, fix: string]
> = createError("QUOTA_INVALID_USAGE", "@enfilade/quota: %s says %s: %s. %s", 500, TypeError);

/** A function that was to give the limit of a caller gave none. */
export const QUOTA_INVALID_LIMIT: QuotaError<
  "QUOTA_INVALID_LIMIT",
  [policy: string, received: string, fix: string]
> = createError(
  "QUOTA_INVALID_LIMIT",
  "@enfilade/quota: the limit of %s is %s. %s",
  500,
  TypeError,
);

/** A function that was to name a caller gave no name. */
export const QUOTA_INVALID_KEY: QuotaError<"QUOTA_INVALID_KEY", [received: string]> = createError(
  "QUOTA_INVALID_KEY",
  "@enfilade/quota: a function in by gave %s. Give a string that is not empty, at once, or undefined for whom the policy does not concern.",
  500,
  TypeError,
);

/** The store could not be asked, or told. */
export const QUOTA_UNAVAILABLE: QuotaError<"QUOTA_UNAVAILABLE", []> = createError(
  "QUOTA_UNAVAILABLE",
  "The quotas cannot be changed at the moment.",
  503,
);

/** The admin view was not told whose quota. */
export const QUOTA_NO_CALLER: QuotaError<"QUOTA_NO_CALLER", []> = createError(
  "QUOTA_NO_CALLER",
  "Say whose quota: principal, user, org, session, address, custom, or server=true.",
  400,
);

/** There is no policy of this name. */
export const QUOTA_UNKNOWN_POLICY: QuotaError<"QUOTA_UNKNOWN_POLICY", []> = createError(
  "QUOTA_UNKNOWN_POLICY",
  "There is no policy of this name.",
  404,
);
