import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { createRecorder } from "./recorder.ts";
import { type PartialResponse, parseResponse, type ResponseHead } from "./response-parser.ts";

/** A request to put on the wire as it is; nothing is normalised or refused. */
export interface ExchangeRequest {
  /** @defaultValue `"GET"`, or `"POST"` with a body */
  readonly method?: string;
  /** @defaultValue `"/"` */
  readonly path?: string;
  /** `host` is added, and `content-length` with a body, unless they are given here. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
}

/** One request and its response over a socket of their own, which the test may break at any point. */
export interface Exchange {
  readonly socket: Socket;
  /** Resolves with status and headers once they have arrived. */
  head(): Promise<ResponseHead>;
  /** Resolves with the payload so far once it contains the text. */
  bodyUntil(text: string): Promise<string>;
  /** Resolves with the payload so far once it has this many bytes. */
  bodyBytes(count: number): Promise<Buffer>;
  /** Resolves with the whole payload; fails where the connection ended in the middle of it. */
  wholeBody(): Promise<string>;
  /** Resolves when the connection is closed, with the payload that came before. */
  closed(): Promise<string>;
  /** Sends more bytes, such as the rest of a body that was announced longer than it was. */
  write(bytes: string | Buffer): void;
  /** Says that no more will be sent, and goes on reading: what some proxies do. */
  halfClose(): void;
  /** Goes away as a closed browser tab does. */
  destroy(): void;
  /** Goes away with a TCP reset, as a killed process does. */
  reset(): void;
}

/**
 * Opens a connection, sends a request and hands out the response as it arrives, for tests about
 * streams, aborts and half-closed connections, where `fetch` shows too little.
 *
 * The connection is destroyed when the test ends. A wait that is not met within ten seconds fails.
 *
 * @param origin - `http://127.0.0.1:<port>`, as `listen` gives it
 *
 * @example
 * const exchange = await openExchange(origin, { method: "POST", path: "/runs", body: "{}" });
 * await exchange.bodyUntil("event: token");
 * exchange.destroy();
 */
export async function openExchange(
  origin: string,
  request: ExchangeRequest = {},
): Promise<Exchange> {
  const { hostname, port, host } = new URL(origin);
  const method = request.method ?? (request.body === undefined ? "GET" : "POST");
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  onTestFinished(() => {
    socket.destroy();
  });
  const arrivals = createRecorder<string>();
  let received: Buffer = Buffer.alloc(0);
  let closed = false;

  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    arrivals.record(`${chunk.length} bytes`);
  });
  // The server has ended: end too, as every HTTP client does. "close" follows an error as well.
  socket.on("end", () => socket.end());
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
    arrivals.record("close");
  });
  await once(socket, "connect");
  socket.write(requestHead(request, method, host));
  if (request.body !== undefined) socket.write(request.body);

  /** Waits for a state of the response; a connection that closes without it is a failure. */
  async function reach(
    what: string,
    matches: (state: PartialResponse) => boolean,
  ): Promise<PartialResponse> {
    let state: PartialResponse | undefined;
    await arrivals.until(() => {
      state = parseResponse(received, method);
      return closed || matches(state);
    });
    if (state !== undefined && matches(state)) return state;
    throw new Error(`The connection closed before ${what} came. Received:\n${received.toString()}`);
  }

  return {
    socket,
    async head() {
      const { head } = await reach("the head", (state) => state.head !== undefined);
      if (head === undefined) throw new Error("unreachable: reach() resolved without a head");
      return head;
    },
    async bodyUntil(text) {
      const named = JSON.stringify(text);
      return (await reach(named, (state) => state.body.includes(text))).body.toString();
    },
    async bodyBytes(count) {
      return (await reach(`byte ${count}`, (state) => state.body.length >= count)).body;
    },
    async wholeBody() {
      return (await reach("the end of the payload", (state) => state.complete)).body.toString();
    },
    async closed() {
      await arrivals.until(() => closed);
      return parseResponse(received, method).body.toString();
    },
    write: (bytes) => void socket.write(bytes),
    halfClose: () => void socket.end(),
    destroy: () => void socket.destroy(),
    reset: () => void socket.resetAndDestroy(),
  };
}

function requestHead(request: ExchangeRequest, method: string, host: string): string {
  const given = Object.entries(request.headers ?? {});
  const has = (name: string) => given.some(([key]) => key.toLowerCase() === name);
  const lines = given.flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`));
  if (!has("host")) lines.unshift(`host: ${host}`);
  if (request.body !== undefined && !has("content-length") && !has("transfer-encoding")) {
    lines.push(`content-length: ${Buffer.byteLength(request.body)}`);
  }
  return [`${method} ${request.path ?? "/"} HTTP/1.1`, ...lines, "", ""].join("\r\n");
}
