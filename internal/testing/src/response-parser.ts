/** The start of an HTTP/1.1 response, as it stood on the wire. */
export interface ResponseHead {
  readonly status: number;
  /** By lower-case name; the values of a repeated header stay apart. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** The first value of a header, in any case. */
  header(name: string): string | undefined;
}

/** What has arrived of one response so far. */
export interface PartialResponse {
  readonly head?: ResponseHead;
  /** The payload without its chunked framing; still compressed where the server compressed it. */
  readonly body: Buffer;
  /** True once the framing says that the payload is whole. False for a payload cut short. */
  readonly complete: boolean;
}

const HEAD_END = "\r\n\r\n";

/**
 * Reads the bytes received so far as one HTTP/1.1 response; informational responses are passed over.
 *
 * Reads from the start each time: a test's responses are small, and a function of the bytes alone
 * cannot be left in a wrong state by an abort.
 */
export function parseResponse(received: Buffer, method: string): PartialResponse {
  const headEnd = received.indexOf(HEAD_END);
  if (headEnd === -1) return { body: Buffer.alloc(0), complete: false };
  const head = parseHead(received.subarray(0, headEnd).toString("latin1"));
  const rest = received.subarray(headEnd + HEAD_END.length);
  if (head.status >= 100 && head.status < 200 && head.status !== 101) {
    return parseResponse(rest, method);
  }
  if (method === "HEAD" || head.status === 204 || head.status === 304) {
    return { head, body: Buffer.alloc(0), complete: true };
  }
  if (head.header("transfer-encoding") === "chunked") return { head, ...decodeChunks(rest) };
  const length = head.header("content-length");
  if (length === undefined) return { head, body: rest, complete: false };
  return { head, body: rest.subarray(0, Number(length)), complete: rest.length >= Number(length) };
}

function parseHead(text: string): ResponseHead {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1];
  if (status === undefined) throw new Error(`Not an HTTP/1.1 status line: ${statusLine}`);
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  return {
    status: Number(status),
    headers,
    header: (name) => headers.get(name.toLowerCase())?.[0],
  };
}

/** RFC 9112, section 7.1; trailers are skipped. A chunk counts as far as it has arrived. */
function decodeChunks(framed: Buffer): Pick<PartialResponse, "body" | "complete"> {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const sizeEnd = framed.indexOf("\r\n", at);
    if (sizeEnd === -1) return { body: Buffer.concat(parts), complete: false };
    const size = Number.parseInt(framed.subarray(at, sizeEnd).toString("latin1"), 16);
    const start = sizeEnd + 2;
    if (size === 0) {
      const ended = framed.indexOf("\r\n", start) !== -1;
      return { body: Buffer.concat(parts), complete: ended };
    }
    parts.push(framed.subarray(start, start + size));
    at = start + size + 2;
  }
}
