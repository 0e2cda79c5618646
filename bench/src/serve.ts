import type { FastifyInstance } from "fastify";

/** Runs a contender: tells its parent where it listens, reports its processor time when asked, ends with its parent. */
export async function serve(app: FastifyInstance): Promise<void> {
  const origin = await app.listen({ port: 0, host: "127.0.0.1" });
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMicros: user + system });
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ origin });
}
