/* Requests that come from no network: Node's own request and response over a connection that swallows all, so that next to nothing but the framework is measured. */
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { noopApp } from "../noop-app.ts";

const CONNECTIONS = 32;
const [REQUESTS, CHUNKS] = [20_000, 24];

class Sink extends Socket {
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
  override _writev(_chunks: unknown, done: () => void): void {
    done();
  }
}

const [form, style] = process.argv.slice(2);
const app = await noopApp(form, style);
await app.ready();

/** Sends so many requests, each connection the next one when it has its response. */
function run(requests: number): Promise<void> {
  return new Promise((resolve) => {
    let [left, open] = [requests, CONNECTIONS];
    const next = (socket: Socket): void => {
      if (left-- <= 0) {
        if (--open === 0) resolve();
        return;
      }
      const request = new IncomingMessage(socket);
      Object.assign(request, { method: "GET", url: "/json", complete: true });
      request.push(null);
      const response = new ServerResponse(request);
      response.assignSocket(socket);
      response.on("finish", () => {
        response.detachSocket(socket);
        response.emit("close");
        next(socket);
      });
      app.routing(request, response);
    };
    for (let index = 0; index < CONNECTIONS; index++) next(new Sink());
  });
}

await run(3 * REQUESTS);
const costs: number[] = [];
for (let chunk = 0; chunk < CHUNKS; chunk++) {
  const before = process.cpuUsage();
  await run(REQUESTS);
  const { user, system } = process.cpuUsage(before);
  costs.push((user + system) / REQUESTS);
}
// The lower quartile: whatever else the machine does can only add.
process.send?.({ micros: costs.toSorted((a, b) => a - b)[CHUNKS / 4] });
process.disconnect?.();
