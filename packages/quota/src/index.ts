export { type QuotaAdminAccess, type QuotaAdminOptions, quotaAdmin } from "./admin.ts";
export type { CallerKey, CallerPart } from "./caller.ts";
export {
  QUOTA_ADMIN_UNPROTECTED,
  QUOTA_BUSY,
  QUOTA_EXCEEDED,
  QUOTA_EXHAUSTED,
  QUOTA_INVALID_KEY,
  QUOTA_INVALID_LIMIT,
  QUOTA_INVALID_OPTION,
  QUOTA_INVALID_USAGE,
  QUOTA_LEASE_LOST,
  QUOTA_NAME_TAKEN,
  QUOTA_NEVER_FITS,
  QUOTA_NO_CALLER,
  QUOTA_NOT_GRANTED,
  QUOTA_NOT_REGISTERED,
  QUOTA_RUN_ABANDONED,
  QUOTA_UNAVAILABLE,
  QUOTA_UNKNOWN_POLICY,
  type QuotaError,
} from "./errors.ts";
export { quota, quota as default } from "./layer.ts";
export type { QueueOptions, QuotaOptions, QuotaRoute } from "./options.ts";
export type { CountedBy, LimitOf, QuotaPolicyOptions } from "./policies.ts";
export { type UsageEvent, usageEvent, usageFrame } from "./settlement.ts";
export type {
  Caller,
  Estimate,
  PolicyStanding,
  PolicyUsage,
  QuotaControls,
  QuotaRouteOptions,
  QuotaState,
  RunQuota,
  Settlement,
  Usage,
} from "./types.ts";
