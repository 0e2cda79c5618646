import { once } from "node:events";
import { connect } from "node:net";
import { onTestFinished } from "vitest";

/**
 * Sends bytes that may be no HTTP at all, and gives all that comes back until the server closes the connection,
 * which a request asks for by `connection: close`. Fails where there is no connection, or it is reset.
 *
 * @example
 * expect(await sendBytes(origin, "GET /\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
 */
export async function sendBytes(origin: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => {
    socket.destroy();
  });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.write(bytes);
  await once(socket, "close");
  return Buffer.concat(chunks).toString();
}
