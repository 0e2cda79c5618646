import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

const queues = new WeakMap<Socket, Set<ServerResponse>>();

/**
 * Tells a response that its connection was closed before its turn had come. A client may send a request
 * before it has the response to the last one (HTTP/1.1 pipelining); Node closes the current response only.
 */
export function onClosedInQueue(
  response: ServerResponse,
  connection: Socket,
  close: (this: ServerResponse) => void,
): void {
  const queue = queues.get(connection) ?? new Set();
  if (!queues.has(connection)) {
    queues.set(connection, queue);
    connection.once("close", () => {
      for (const waiting of queue) close.call(waiting);
    });
  }
  queue.add(response);
  response.once("socket", () => queue.delete(response));
}
