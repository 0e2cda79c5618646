import type { Server } from "node:http";
import type { Socket } from "node:net";
import { onTestFinished } from "vitest";

/** The part of a Fastify instance that {@link listen} needs. */
export interface Listening {
  readonly server: Pick<Server, "on">;
  listen(options: { port: number; host: string }): PromiseLike<string>;
  close(): PromiseLike<unknown>;
}

/**
 * Starts the app on a free port of 127.0.0.1 and closes it when the test ends, together with every
 * connection that is still open then. To be called inside a test or a `beforeEach`.
 *
 * @returns the origin, `http://127.0.0.1:<port>`
 *
 * @example
 * const origin = await listen(app);
 * const response = await fetch(`${origin}/health`);
 */
export async function listen(app: Listening): Promise<string> {
  const sockets = new Set<Socket>();
  app.server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  onTestFinished(async () => {
    // Else close() waits for streams and upgraded connections that a test has left open on purpose.
    for (const socket of sockets) socket.destroy();
    await app.close();
  });
  return await app.listen({ port: 0, host: "127.0.0.1" });
}
