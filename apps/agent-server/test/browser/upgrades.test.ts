import auth from "@enfilade/auth";
import cors from "@enfilade/cors";
import jwt, { createSigner } from "@enfilade/jwt";
import order from "@enfilade/order";
import { listen } from "@enfilade/testing";
import websocket from "@fastify/websocket";
import Fastify from "fastify";
import { expect, test } from "vitest";
import { describeInBrowser, otherSite, pageOrigin } from "./support.ts";

const secret = "the secret of this file, which nobody keeps";

/** A server with a WebSocket that says who has opened it. */
async function socketServer(origin: string): Promise<string> {
  const app = Fastify();
  await app.register(order);
  await app.register(cors, { origin });
  await app.register(jwt, { keys: [{ secret }], sources: ["subprotocol"] });
  await app.register(auth);
  await app.register(websocket);
  await app.register(async (child) => {
    const config = { access: "authenticated" } as const;
    child.get("/socket", { websocket: true, config }, (socket, { principal }) =>
      socket.send(`hello ${principal?.userId}`),
    );
  });
  return (await listen(app)).replace("http", "ws");
}

/** Opens a WebSocket as the script of a page does; gives its first message, or the code of its end. */
function open(url: string, protocols: readonly string[]): string {
  return `new Promise((resolve) => {
    const socket = new WebSocket(${JSON.stringify(url)}, ${JSON.stringify(protocols)});
    socket.onmessage = ({ data }) => resolve([data, socket.protocol]);
    socket.onclose = ({ code }) => resolve(code);
  })`;
}

const token = createSigner({ key: secret })({ sub: "ann" });
/** No page learns more of an upgrade that was refused. */
const abnormalClosure = 1006;

describeInBrowser("a WebSocket", (visit) => {
  test("opens for a page of an allowed origin that brings its token as a subprotocol", async () => {
    const origin = await pageOrigin();
    const api = await socketServer(origin);
    const page = await visit(origin);

    expect(await page.evaluate(open(`${api}/socket`, ["bearer", token]))).toEqual([
      "hello ann",
      "bearer",
    ]);
  });

  test("stays shut without a token, or with a bad one", async () => {
    const origin = await pageOrigin();
    const api = await socketServer(origin);
    const page = await visit(origin);

    expect(await page.evaluate(open(`${api}/socket`, []))).toBe(abnormalClosure);
    expect(await page.evaluate(open(`${api}/socket`, ["bearer", "x.y.z"]))).toBe(abnormalClosure);
  });

  test("stays shut for a page of any other origin, whatever it brings", async () => {
    const [origin, other] = [await pageOrigin(), await pageOrigin()];
    const api = await socketServer(origin);

    for (const url of [other, otherSite(origin)]) {
      const page = await visit(url);
      const seen = await page.evaluate(open(`${api}/socket`, ["bearer", token]));
      expect(seen, url).toBe(abnormalClosure);
    }
  });
});
