/*
 * The tests of @fastify/cors 11.4 that the layer fails on purpose, by the reason. Whoever depends on one of these
 * keeps the engine.
 */

interface Difference {
  readonly why: string;
  readonly tests: readonly string[];
}

export const DIFFERENCES: readonly Difference[] = [
  {
    why: "A delegator makes all options anew for each request, so that nothing can be checked at boot; per-route config.cors, scopes and origin functions that see the request say the same.",
    tests: [
      "cors > Should support dynamic config (callback)",
      "cors > Should support dynamic config (Promise)",
      "cors > Should support dynamic config. (Invalid function)",
      "hooks > Should error on onSend hook option with delegator",
      'preflight > delegator + logLevel:"silent" → OPTIONS logs are suppressed',
      "preflight > delegator + hideOptionsRoute:false → OPTIONS route is visible",
    ],
  },
  {
    why: "The hook cannot be chosen: any later one comes behind what may refuse, and the refusal could not be read.",
    tests: [
      "hooks > Should error on invalid hook option",
      "hooks > Should error on onSend hook option",
      "hooks > Should set hook onRequest if hook option is set to onRequest",
      "hooks > Should set hook preParsing if hook option is set to preParsing",
      "hooks > Should set hook preValidation if hook option is set to preValidation",
      "hooks > Should set hook preParsing if hook option is set to preParsing (2)",
      "hooks > Should set hook preHandler if hook option is set to preHandler",
      "hooks > Should set hook preSerialization if hook option is set to preSerialization",
      "hooks > Should support custom hook with dynamic config",
      "hooks > Should support custom hook with dynamic config (callback)",
      "hooks > Should support custom hook with dynamic config (Promise)",
      "hooks > Should support custom hook with dynamic config (Promise), but should error /1",
      "hooks > Should support custom hook with dynamic config (Promise), but should error /2",
    ],
  },
  {
    why: "It counts the hooks of a route; the contract of layers adds those that follow an exchange to its end.",
    tests: ["hooks > Should set hook onRequest if hook option is not set"],
  },
  {
    why: "No OPTIONS route is declared that could be hidden, logged otherwise, or answer for the paths of other scopes; preflights meet the not-found handler, or a route of the application's own.",
    tests: [
      "preflight > hide options route by default",
      "preflight > show options route",
      'preflight > Silences preflight logs when logLevel is "silent"',
      "preflight > Should support a prefix for preflight requests",
      "preflight > Should support ongoing prefix ",
    ],
  },
  {
    why: "Whether a preflight is answered is config.cors of its route; how, is the standard's 204.",
    tests: [
      "cors > Disable preflight",
      "preflight > Should reply to preflight requests with custom status code",
      "preflight > Should be able to override preflight response with a route",
      "preflight > Default empty 200 response with preflightContinue on OPTIONS routes",
      "preflight > Can override preflight response with preflightContinue",
    ],
  },
  {
    why: "OPTIONS without an origin or a method asked for is no preflight, and no mistake either: it goes its way.",
    tests: [
      "cors > Should always add vary header to `Origin` for reflected origin",
      "preflight > Should reply with 400 error to OPTIONS requests missing origin header when default strictPreflight",
      "preflight > Should reply with 400 to OPTIONS requests when missing Access-Control-Request-Method header when default strictPreflight",
      "preflight > Should reply to all preflight requests when strictPreflight is disabled",
    ],
  },
  {
    why: "Vary names Access-Control-Request-Method too: which route's policy answers depends on it.",
    tests: [
      "preflight > Should reply to preflight requests",
      "preflight > Should add access-control-allow-headers to response if preflight req has access-control-request-headers",
      "preflight > Should reply to all options requests",
    ],
  },
  {
    why: "OPTIONS is not cacheable (RFC 9110, section 9.3.7); how long a preflight is kept is maxAgeSeconds.",
    tests: ["cors > Should add cors headers (custom values)"],
  },
  {
    why: "An origin function says true or false; what else the engine takes from it would not be checked at boot.",
    tests: ["cors > Should support wildcard arrays from dynamic origin resolvers"],
  },
  {
    why: "A list of one origin names it to that origin alone, and varies; the engine sends it to everybody.",
    tests: ["cors > Allow only request from a specific origin"],
  },
  {
    why: "Nobody let in is an answer that depends on the origin as every other: it varies.",
    tests: ["cors > Should reply 404 without cors headers when origin is false"],
  },
  {
    why: "Options that are not valid refuse to boot instead of failing requests or being taken for something else.",
    tests: [
      "cors > Server error if origin option is falsy but not false",
      "cors > Should support wildcard config /2",
      "cors > Allow only request from a specific origin using regex",
    ],
  },
];
