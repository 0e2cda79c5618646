import type { EventEmitter } from "node:events";
import type { FastifyRequest } from "fastify";

/*
 * The 101 of a WebSocket is written by `ws`, past Fastify's reply and Node's response. Its server tells of
 * the headers before it sends them; `@fastify/websocket` decorates the instance with that server.
 */

interface WebSocketServing {
  readonly websocketServer?: Pick<EventEmitter, "on">;
}

/** One header line for the 101 of a request. */
const lines = new WeakMap<object, string>();
const heard = new WeakSet<object>();

/** Puts a header on the 101 that answers this request, should it become a WebSocket. */
export function addUpgradeHeader(request: FastifyRequest, name: string, value: string): void {
  const { websocketServer } = request.server as WebSocketServing;
  if (websocketServer === undefined) return;
  lines.set(request.raw, `${name}: ${value}`);
  if (heard.has(websocketServer)) return;
  heard.add(websocketServer);
  websocketServer.on("headers", addLine);
}

function addLine(headers: string[], raw: object): void {
  const line = lines.get(raw);
  if (line !== undefined) headers.push(line);
}
