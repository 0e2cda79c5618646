export { addressKey } from "./address-key.ts";
export { isPlainAnswer, PROBLEM_TYPE, type ProblemError, problemBody } from "./problem-body.ts";
export {
  createRateHeaders,
  HEADER_DIALECTS,
  type HeaderDialect,
  type HeaderFields,
  type HeaderTarget,
  putRateHeaders,
} from "./rate-headers.ts";
export {
  type Refusal,
  type RefusalKind,
  type RefusalView,
  refusalOf,
  retryHeaders,
} from "./refusal.ts";
export { type ToldPolicy, tellPolicy } from "./told-policy.ts";
