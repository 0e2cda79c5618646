/** What `@fastify/rate-limit` takes and this package does not, and what to say instead. */
export const REMOVED: Readonly<Record<string, string>> = {
  hook: "The place in the line decides when it runs; leave it out, or say layer: { place }.",
  redis: "Give store: redisStore(createRedis({ url })), of @enfilade/limiter and @enfilade/redis.",
  nameSpace: "Give redisStore a prefix.",
  skipOnError:
    'Give onStoreError: "open" for true, "closed" for false, or leave it out to go on counting in this process.',
  errorResponseBuilder:
    "Register @enfilade/errors with the dialect of your clients, or set an error handler: the error has code, problem and statusCode.",
  addHeaders: 'Give headers: ["standard", "legacy", "openai"] or some of them, [] for none.',
  addHeadersOnExceeding: 'Give headers: ["standard", "legacy", "openai"] or some of them.',
  enableDraftSpec: 'Leave it out: headers: ["standard"] is the default, in the draft of today.',
  continueExceeding: "Leave it out: who is refused is not charged; give ban for who goes on.",
  exponentialBackoff: "Leave it out: who is refused is not charged; give ban for who goes on.",
};
