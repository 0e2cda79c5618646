/** What the stores of `@fastify/rate-limit` have in common; the plugin does not export them. */
export interface FastifyStore {
  incr(
    key: string,
    callback: (error: Error | null, result: { current: number; ttl: number }) => void,
    windowMs: number,
    limit: number,
  ): void;
}
