import { type PlacedLayer, setArrangement } from "@enfilade/layer/arranging";
import { createLogLines } from "@enfilade/testing";
import Fastify, { type FastifyServerOptions, LogController } from "fastify";
import { describe, expect, it } from "vitest";
import { type RequestLogOptions, requestLog } from "../src/index.ts";

async function start(server: FastifyServerOptions, options: RequestLogOptions = {}) {
  const log = createLogLines();
  const app = Fastify({ logger: { stream: log.stream }, ...server });
  await app.register(requestLog, options);
  app.get("/", async () => {
    throw new Error("no");
  });
  await app.ready();
  return { app, log };
}

const quiet = () => ({ logController: new LogController({ disableRequestLogging: true }) });

class OwnController extends LogController {
  override incomingRequest(): void {}
  override requestCompleted(): void {}
}

describe("Fastify's own lines", () => {
  it("are warned of at ready, once for an app", async () => {
    const { app, log } = await start({});
    const warnings = log.items.filter(({ code }) => code === "REQUEST_LOG_DOUBLE_LINES");
    expect(warnings).toMatchObject([
      { level: 40, msg: expect.stringContaining("disableRequestLogging: true") },
    ]);
    await app.close();

    const twice = createLogLines();
    const nested = Fastify({ logger: { stream: twice.stream } });
    await nested.register(requestLog);
    await nested.register(async (scope) => scope.register(requestLog));
    await nested.ready();
    expect(twice.items.filter(({ level }) => level === 40)).toHaveLength(1);
    await nested.close();
  });

  it("would tell an error twice", async () => {
    const { app, log } = await start({});
    await app.inject("/");
    await log.find(({ msg }) => msg === "exchange completed");
    expect(log.items.filter(({ err }) => err !== undefined)).toHaveLength(2);
    await app.close();
  });

  it.each<[string, FastifyServerOptions, string]>([
    ["a log controller that is quiet", quiet(), "info"],
    ["the older option", { disableRequestLogging: true }, "info"],
    ["a function that chooses", { disableRequestLogging: () => true }, "info"],
    ["a log controller class of the app's own", { logController: new OwnController() }, "info"],
    ["a level at which they are not written", {}, "warn"],
  ])("are not warned of with %s", async (_, server, level) => {
    const log = createLogLines();
    const app = Fastify({ ...server, logger: { stream: log.stream, level } });
    await app.register(requestLog);
    await app.ready();
    expect(log.items).toEqual([]);
    await app.close();
  });

  it("are a finding under an arrangement, and not warned of besides", async () => {
    const log = createLogLines();
    const app = Fastify({ logger: { stream: log.stream } });
    const layers: PlacedLayer[] = [];
    // As an arrangement does: its own hook at ready comes before those of the layers.
    app.addHook("onReady", async () => {
      const routes = [
        { method: "GET", url: "/", config: {}, layers: [] },
        { method: "POST", url: "/b", config: { requestLog: { bodies: "both" } }, layers: [] },
      ];
      const found = layers.flatMap(({ audit }) => [...(audit?.({ instance: app, routes }) ?? [])]);
      expect(found).toMatchObject([
        { code: "REQUEST_LOG_DOUBLE_LINES", severity: "warning" },
        { code: "REQUEST_LOG_BODIES", severity: "info", where: "POST /b" },
      ]);
    });
    setArrangement(app, { add: (_app, layer) => void layers.push(layer) });
    await app.register(requestLog);
    await app.ready();
    expect(layers).toMatchObject([{ name: "request-log", place: "observe", after: ["timing?"] }]);
    expect(log.items).toEqual([]);
    await app.close();
  });
});

describe("an app without a logger", () => {
  it("pays nothing: no hook, no wrapper, no call of a function of the options", async () => {
    const calls: string[] = [];
    const app = Fastify({ logger: false });
    const layers: PlacedLayer[] = [];
    setArrangement(app, { add: (_app, layer) => void layers.push(layer) });
    await app.register(requestLog, {
      extra: () => calls.push("extra"),
      ignore: [() => calls.push("ignore") > 0],
    });
    expect(layers[0]?.steps).toEqual([]);
    await app.close();

    const alone = Fastify();
    await alone.register(requestLog, { ignore: [() => calls.push("ignore") > 0] });
    alone.get("/", async (_request, reply) => ({ wrapped: Object.hasOwn(reply.raw, "end") }));
    expect((await alone.inject("/")).json()).toEqual({ wrapped: false });
    expect(calls).toEqual([]);
    await alone.close();
  });
});

describe("a level that is off", () => {
  it("keeps the line from being built", async () => {
    const calls: string[] = [];
    const options: RequestLogOptions = {
      extra: () => calls.push("extra"),
      ignore: [() => calls.push("ignore") === 0],
    };
    const log = createLogLines();
    const app = Fastify({ logger: { stream: log.stream, level: "warn" }, ...quiet() });
    await app.register(requestLog, options);
    app.get("/ok", async () => "");
    app.get("/quiet", { logLevel: "silent" }, async (_request, reply) => ({
      wrapped: Object.hasOwn(reply.raw, "end"),
    }));
    await app.inject("/ok");
    expect((await app.inject("/quiet")).json()).toEqual({ wrapped: false });
    expect(calls).toEqual([]);
    await app.inject("/missing");
    await log.find(({ status }) => status === 404);
    expect(calls).toEqual(["ignore", "extra"]);
    await app.close();
  });

  it("is asked of any logger that can say; of others a line is wanted", async () => {
    const lines: unknown[] = [];
    const none = () => {};
    const logger = {
      ...{ level: "info", fatal: none, error: none, warn: none, debug: none, trace: none },
      ...{ silent: none, info: (line: unknown) => void lines.push(line), child: () => logger },
    };
    const app = Fastify({ loggerInstance: logger as never, ...quiet() });
    await app.register(requestLog);
    app.get("/", async () => "");
    await app.inject("/");
    await app.close();
    expect(lines).toContainEqual(expect.objectContaining({ url: "/", status: 200 }));
  });
});
