export type { Position } from "./algorithms/weighing.ts";
export type { Duration } from "./duration.ts";
export {
  LIMITER_INVALID_CHARGE,
  LIMITER_INVALID_OPTION,
  LIMITER_INVALID_SETTLEMENT,
  LIMITER_TOO_MANY_POLICIES,
  LIMITER_UNREADABLE_REPLY,
  type LimiterError,
} from "./errors.ts";
export type { LiveNodes } from "./fallback.ts";
export { createLimiter, type Limiter, type LimiterState } from "./limiter.ts";
export { type MemoryStore, type MemoryStoreOptions, memoryStore } from "./memory/store.ts";
export type { LimiterOptions } from "./options.ts";
export {
  type BudgetOptions,
  type BudgetPolicy,
  budget,
  type CalendarWindow,
} from "./policies/budget.ts";
export {
  type ConcurrencyOptions,
  type ConcurrencyPolicy,
  concurrency,
} from "./policies/concurrency.ts";
export { type GcraOptions, type GcraPolicy, gcra } from "./policies/gcra.ts";
export type { OnStoreError, Policy, PolicyBase, PolicyOptions } from "./policies/policy.ts";
export {
  type StrictWindowOptions,
  type StrictWindowPolicy,
  strictWindow,
} from "./policies/strict-window.ts";
export { type RedisStoreOptions, redisStore } from "./redis/store.ts";
export type { Reservation } from "./reservation.ts";
export type {
  Adjustment,
  DecideMode,
  Lease,
  Outcome,
  ResolvedCharge,
  Store,
} from "./store.ts";
export type {
  Charge,
  Decision,
  MaybePromise,
  Verdict,
  VerdictSource,
} from "./types.ts";
