export { addressKey } from "./address-key.ts";
export { type AnsweredRequest, answerPlain, type ProblemError } from "./plain-answer.ts";
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
export { claimNames, type Teller } from "./told-names.ts";
export { type ToldPolicy, tellPolicy } from "./told-policy.ts";
