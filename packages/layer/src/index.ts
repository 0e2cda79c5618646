export { type Adoption, adopt } from "./adopt.ts";
export { defineLayer } from "./define-layer.ts";
export { describeValue } from "./describe-value.ts";
export {
  LAYER_EMPTY_REJECTION,
  LAYER_INVALID_DEFINITION,
  LAYER_INVALID_REGISTRATION,
} from "./errors.ts";
export { type Exchange, exchangeOf } from "./exchange.ts";
export type { Finding, Severity } from "./findings.ts";
export type { ForeignPlugin } from "./foreign.ts";
export {
  createOptionError,
  type OptionError,
  type OptionReader,
  optionReader,
} from "./option-reader.ts";
export {
  INBOUND_PHASES,
  type InboundPhase,
  isOutbound,
  OUTBOUND_PHASES,
  type OutboundPhase,
  PHASES,
  type Phase,
} from "./phases.ts";
export { isPlace, PLACES, type Place, placeRank } from "./places.ts";
export { isPreflight } from "./preflight.ts";
export {
  type ProxyTrust,
  proxyTrustOf,
  type ServerOptions,
  serverOptionsOf,
} from "./proxy-trust.ts";
export { type Recording, record } from "./record.ts";
export { internalOf, rootOf } from "./root.ts";
export { type RouteMatching, routeMatchingOf } from "./route-matching.ts";
export { routeName } from "./route-name.ts";
export { isThenable } from "./thenable.ts";
export { isToken, TOKEN } from "./token.ts";
export type {
  Answer,
  AuditedRoute,
  AuditView,
  Constraints,
  Layer,
  LayerDefinition,
  LayerHooks,
  LayerRegistration,
  LayerSetup,
  Outcome,
  RouteView,
  Step,
} from "./types.ts";
