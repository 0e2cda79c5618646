import type { FastifyInstance } from "fastify";
import type { RunService } from "../runs/run-service.ts";

const reason = "The server is shutting down";

/**
 * Lets a server that closes end its streams first: every run is stopped, its stream says so and ends.
 *
 * Fastify waits for the connections that are busy when it closes. Those that become idle after that would keep it
 * waiting for their keep-alive time, those whose client does not read for ever: the first are closed when they are done,
 * the second after the deadline.
 */
export function drainOnClose(app: FastifyInstance, runs: RunService, deadlineMs: number): void {
  let closing = false;
  let deadline: NodeJS.Timeout | undefined;
  app.addHook("preClose", async () => {
    closing = true;
    deadline = setTimeout(() => app.server.closeAllConnections(), deadlineMs);
    await runs.close(reason);
  });
  app.addHook("onResponse", async (request) => {
    if (closing) request.raw.socket.end();
  });
  app.addHook("onClose", async () => {
    clearTimeout(deadline);
    // Those that a request has begun since then, and goes on without it.
    await runs.close(reason);
  });
}
