/*
 * The tests of @fastify/rate-limit 11.2 that the layer fails on purpose, by the reason. Whoever depends on one of
 * these keeps the engine.
 */

interface Difference {
  readonly why: string;
  readonly tests: readonly string[];
}

export const DIFFERENCES: readonly Difference[] = [
  {
    why: "There are no decorators: 404s and early routes are counted without one, and what a handler counts by itself is a quota, which is settled when the work is done.",
    tests: [
      "create-rate-limit > With global rate limit options",
      "create-rate-limit > With custom rate limit options",
      "create-rate-limit > With allow list",
      "create-rate-limit > With { increment: false } it reads the state without consuming it",
      "create-rate-limit > With { increment: false } and continueExceeding the peek mirrors the active window",
      "create-rate-limit > With { increment: false } and exponentialBackoff the peek reports the base window without escalating it",
      "not-found-handler-rate-limited > Set not found handler can be rate limited",
      "not-found-handler-rate-limited > Set not found handler can be rate limited with specific options",
      "route-rate-limit > Allow custom timeWindow in preHandler",
      "route-rate-limit > rateLimit decorator should work when a property other than timeWindow is modified",
    ],
  },
  {
    why: "A store decides, in one step, and is one of @enfilade/limiter's or made like them; one that adds one to one counter cannot.",
    tests: [
      "create-rate-limit > With { increment: false } it throws a clear error when the store has no read method",
      "global-rate-limit > With CustomStore",
      "route-rate-limit > timeWindow specified as a string",
      "route-rate-limit > With CustomStore",
    ],
  },
  {
    why: "Who is refused is charged nothing and told exactly when to come again; a wait that grows with every try makes that time a lie. Who does not stop is banned.",
    tests: [
      "exponential-backoff > Global Exponential Backoff",
      "issue-207 > issue #207 - when continueExceeding is true and the store is local then it should reset the rate-limit",
    ],
  },
  {
    why: "A burst comes back one by one, each when it can, and not all at once at the end of a window; what is told is when.",
    tests: [
      "route-rate-limit > Basic",
      "route-rate-limit > global timeWindow when not set in routes",
    ],
  },
  {
    why: "Options that are not valid refuse to boot instead of being taken for the default, and so does a window of 285,421 years; the messages name what, where and the fix.",
    tests: [
      "exponential-backoff > MAx safe Exponential Backoff",
      "global-rate-limit > When passing NaN to the timeWindow property then the timeWindow should be the default value - 60 seconds",
      "global-rate-limit > when passing NaN to max variable then it should use the default max - 1000",
      "global-rate-limit > wrong timewindow",
      "group-rate-limit > Invalid groupId type",
      "ip-normalization > invalid ipv6Subnet values fall back to /64",
      "route-rate-limit > no rate limit with bad rate-limit parameters",
      "route-rate-limit > With NaN in subroute config",
    ],
  },
  {
    why: "A window is a part of how a counter is kept: a function may choose how many, not how long.",
    tests: [
      "global-rate-limit > With function timeWindow",
      "route-rate-limit > With function timeWindow",
    ],
  },
  {
    why: "A key is a string: a number would be the same key as its digits in one store, and another one in the next.",
    tests: [
      "global-rate-limit > With function allowList",
      "global-rate-limit > With async/await function allowList",
      "route-rate-limit > With function allowList",
    ],
  },
  {
    why: "Clients are told of their limits in whole dialects, of which the IETF's is today's draft, or not at all; and always when to come again.",
    tests: [
      "global-rate-limit > hide rate limit headers",
      "global-rate-limit > hide rate limit headers on exceeding",
      "global-rate-limit > hide rate limit headers at all times",
      "global-rate-limit > With enabled IETF Draft Spec",
      "global-rate-limit > hide IETF draft spec headers",
      "global-rate-limit > afterReset and Rate Limit remain the same when enableDraftSpec is enabled",
      "route-rate-limit > hide rate limit headers",
      "route-rate-limit > hide rate limit headers on exceeding",
      "route-rate-limit > hide rate limit headers at all times",
      "route-rate-limit > With enable IETF draft spec",
    ],
  },
  {
    why: "What an error looks like is for an error handler, or for @enfilade/errors, to say: for all errors at once.",
    tests: ["route-rate-limit > custom error response"],
  },
  {
    why: "The hook cannot be chosen: the place in the line decides what has happened before.",
    tests: [
      "global-rate-limit > on preHandler hook",
      "route-rate-limit > on preValidation hook",
      "route-rate-limit > on undefined hook should use onRequest-hook",
      "route-rate-limit > on rateLimitHook should not be set twice on HEAD",
    ],
  },
  {
    why: "A GET route and the HEAD route that Fastify declares for it are one, or a limit would be two.",
    tests: ["route-rate-limit > per route rate limit"],
  },
  {
    why: "The function that tells networks apart is no export; the networks are the same.",
    tests: ["ip-normalization > normalizeIP canonicalizes IP address strings"],
  },
];
