import "./types.ts";

export {
  CLIENT_GATE_INVALID_OPTION,
  CLIENT_GATE_INVALID_VERDICT,
  CLIENT_GATE_REFUSED,
} from "./errors.ts";
export { clientGate, clientGate as default } from "./layer.ts";
export type { ClientGateOptions, RouteClientGate } from "./options.ts";
export type {
  AllowRule,
  ClientCheck,
  ClientConditions,
  HeaderMatcher,
  ProductRange,
  Refusal,
  RefuseRule,
  UserAgentPattern,
} from "./types.ts";
