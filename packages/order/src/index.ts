import "./types.ts";

export type { Constraints } from "./constraints.ts";
export type { LayerCoverage } from "./coverage.ts";
export {
  ORDER_AMBIGUOUS_ROUTE,
  ORDER_INVALID_OPTION,
  ORDER_NOT_AT_ROOT,
  ORDER_NOT_READY,
  ORDER_REGISTERED_AFTER_READY,
  ORDER_UNKNOWN_CONSTRAINT,
  ORDER_URL_REFUSED,
  type OrderRefused,
} from "./errors.ts";
export type { Door, Explanation, LineView } from "./explain.ts";
export { ORDER_FINDINGS, type OrderFindingCode } from "./findings.ts";
export { arrange, order, order as default } from "./order.ts";
export { RESPONSES, type ResponseKind } from "./responses.ts";
export type { LeftOut } from "./routes.ts";
export type { LayerTrace } from "./tracing.ts";
export type { ExplainOptions, Order } from "./view.ts";
