import Fastify from "fastify";
import { expect, it } from "vitest";
import { createRecorder, listen, openExchange } from "../src/index.ts";

const closed = createRecorder<string>();

it("listens on a free port and closes the app when the test ends, open streams included", async () => {
  const app = Fastify();
  app.addHook("onClose", async () => closed.record("app"));
  app.get("/", (_request, reply) => {
    reply.hijack();
    reply.raw.write("never ends");
  });
  const origin = await listen(app);
  expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const exchange = await openExchange(origin);
  await exchange.bodyUntil("never ends");
});

it("closes connections that were upgraded away from HTTP", async () => {
  await closed.find((what) => what === "app");
  const app = Fastify();
  app.addHook("onClose", async () => closed.record("upgraded app"));
  app.server.on("upgrade", (_request, socket) => {
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n",
    );
    socket.pipe(socket);
  });
  const exchange = await openExchange(await listen(app), {
    headers: { connection: "upgrade", upgrade: "echo" },
  });
  expect((await exchange.head()).status).toBe(101);
  exchange.write("echo");
  await exchange.bodyUntil("echo");
});

it("has closed them all by the time that the next test runs", async () => {
  await closed.find((what) => what === "upgraded app");
  expect(closed.items).toEqual(["app", "upgraded app"]);
});
