import { onTestFinished } from "vitest";
import { WebSocket } from "ws";

/** Where to open a WebSocket, and what to say of oneself. */
export interface WebSocketRequest {
  /** @defaultValue `"/socket"` */
  readonly path?: string;
  readonly headers?: Record<string, string>;
  /** Subprotocols, the most wanted first. */
  readonly protocols?: string[];
}

/**
 * Begins to open a WebSocket, which is terminated when the test ends. What comes of it the test waits for with `once`
 * from `node:events`: `open`, `upgrade` and `message`, or `unexpected-response` with the response of a refusal.
 *
 * @example
 * const [message] = await once(openWebSocket(origin), "message");
 * const [, refusal] = await once(openWebSocket(origin, { headers: { origin: EVIL } }), "unexpected-response");
 */
export function openWebSocket(
  origin: string,
  { path = "/socket", headers = {}, protocols = [] }: WebSocketRequest = {},
): WebSocket {
  const socket = new WebSocket(origin.replace("http", "ws") + path, protocols, { headers });
  // One that fails while nobody waits, such as at the end of the test, is nobody's concern.
  socket.on("error", () => {});
  onTestFinished(() => socket.terminate());
  return socket;
}
