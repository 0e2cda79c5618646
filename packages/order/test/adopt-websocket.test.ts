import { once } from "node:events";
import { adopt } from "@enfilade/layer";
import { createRecorder, listen } from "@enfilade/testing";
import websocket from "@fastify/websocket";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { boot, type Registration, refusalOf } from "./boot.ts";
import { layer } from "./probes.ts";

const adopted: Registration = (app) =>
  app.register(adopt(websocket, { name: "websocket", place: "handle" }));
/** In a plugin, for this is how its handlers become those of a WebSocket, with the line or without it. */
const echo: Registration = (app) =>
  app.register(async (child) => {
    child.get("/echo", { websocket: true }, (socket) => {
      socket.on("message", (message) => socket.send(`echo ${message}`));
    });
  });

async function talk(url: string): Promise<string> {
  const socket = new WebSocket(url);
  await once(socket, "open");
  socket.send("hello");
  const [message] = await once(socket, "message");
  socket.close();
  await once(socket, "close");
  return String(message);
}

describe("@fastify/websocket adopted", () => {
  it("echoes, and every request phase of the layers reaches the upgrade", async () => {
    const notes = createRecorder<string>();
    const noting = (phase: string) => () => notes.record(phase);
    const app = await boot([
      adopted,
      echo,
      (app) =>
        app.register(
          layer("noting", "observe", {
            onRequest: noting("onRequest"),
            preParsing: noting("preParsing"),
            preValidation: noting("preValidation"),
            preHandler: noting("preHandler"),
            onSettled: (_request, _reply, outcome) => notes.record(`onSettled ${outcome}`),
          }),
        ),
    ]);
    const origin = await listen(app);

    expect(await talk(`${origin.replace("http", "ws")}/echo`)).toBe("echo hello");
    await notes.find((note) => note.startsWith("onSettled"));
    expect(notes.items).toEqual([
      "onRequest",
      "preParsing",
      "preValidation",
      "preHandler",
      "onSettled completed",
    ]);
  });

  it("is refused by a layer before there is a connection", async () => {
    const app = await boot([
      adopted,
      echo,
      (app) =>
        app.register(
          layer("locked", "authenticate", {
            onRequest: (_request, reply) => reply.code(401).send({ no: true }),
          }),
        ),
    ]);
    const origin = await listen(app);
    const socket = new WebSocket(`${origin.replace("http", "ws")}/echo`);
    const [, response] = await once(socket, "unexpected-response");
    expect(response.statusCode).toBe(401);
  });

  it("refuses to boot where a route came first, whose handler it cannot replace any more", async () => {
    const { code, findings } = await refusalOf([echo, adopted]);
    expect(code).toBe("ORDER_REFUSED");
    expect(findings[0]).toMatchObject({
      code: "ORDER_LATE_ROUTE",
      where: "GET /echo",
      why: expect.stringContaining("websocket"),
    });
  });
});
