import { adopt } from "@enfilade/layer";
import rateLimit from "@fastify/rate-limit";
import Fastify from "fastify";
import { expect, it, onTestFinished } from "vitest";
import { order } from "../src/index.ts";
import { boot, lineOf, type Registration } from "./boot.ts";
import { probe } from "./probes.ts";

it("two apps in one process, made of the same layers, know nothing of each other", async () => {
  const notes: string[] = [];
  const shared = probe("shared", "observe", notes, ["onRequest"]);
  const first = await boot([
    (app) => app.register(shared),
    (app) => app.register(probe("first", "gate", notes, ["onRequest"])),
    (app) => app.get("/", async () => "first"),
  ]);
  const second = await boot([
    (app) => app.register(shared, { layer: { place: "spend" } }),
    (app) => app.register(probe("second", "gate", notes, ["onRequest"])),
    (app) => app.get("/", async () => "second"),
  ]);
  expect(lineOf(first, "GET", "/")).toEqual(["shared", "first"]);
  expect(lineOf(second, "GET", "/")).toEqual(["second", "shared"]);
  await first.inject("/");
  expect(notes.splice(0)).toEqual(["onRequest shared", "onRequest first"]);
  await second.inject("/");
  expect(notes).toEqual(["onRequest second", "onRequest shared"]);
});

it("a server that is made again, as tests do, starts from nothing", async () => {
  const limited: Registration[] = [
    (app) => app.register(adopt(rateLimit, { name: "rate-limit", place: "shield" }), { max: 1 }),
    (app) => app.get("/", async () => "hello"),
  ];
  for (let time = 0; time < 3; time++) {
    const app = await boot(limited);
    expect((await app.inject("/")).statusCode).toBe(200);
    expect((await app.inject("/")).statusCode).toBe(429);
    await app.close();
  }
});

it("an app beside one with a line is as Fastify made it", async () => {
  await boot([(app) => app.register(probe("seen", "observe"))]);
  const plain = Fastify();
  onTestFinished(() => plain.close());
  const notes: string[] = [];
  plain.addHook("onSend", async () => void notes.push("onSend user"));
  plain.register(probe("alone", "observe", notes, ["onRequest", "onSend"]));
  plain.get("/", async () => "hello");
  await plain.inject("/");
  expect("order" in plain).toBe(false);
  expect(notes).toEqual(["onRequest alone", "onSend user", "onSend alone"]);
});

it("an app with a line and no layers answers as it would without", async () => {
  const register: Registration[] = [
    (app) => app.get("/", async () => ({ hello: "world" })),
    (app) => app.post("/", async (request) => request.body),
    (app) =>
      app.get("/broken", async () => {
        throw new Error("on purpose");
      }),
  ];
  const ordered = await boot(register);
  const plain = Fastify();
  onTestFinished(() => plain.close());
  for (const step of register) step(plain);
  for (const request of [
    { url: "/" },
    { url: "/", method: "HEAD" as const },
    { url: "/", method: "POST" as const, payload: { a: 1 } },
    {
      url: "/",
      method: "POST" as const,
      payload: "{",
      headers: { "content-type": "application/json" },
    },
    { url: "/broken" },
    { url: "/nowhere" },
    { url: "/%zz" },
  ]) {
    const [first, second] = [await ordered.inject(request), await plain.inject(request)];
    expect([first.statusCode, first.body]).toEqual([second.statusCode, second.body]);
    expect(Object.keys(first.headers)).toEqual(Object.keys(second.headers));
  }
  // The app and the options, and no callback: what it throws rejects `ready()`.
  expect(order.length).toBe(2);
});
