import { defineLayer } from "@enfilade/layer";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { boot, lineOf, WAYS } from "./boot.ts";
import { layer, probe } from "./probes.ts";

const key = defineLayer({
  name: "api-key",
  place: "authenticate",
  provides: ["principal"],
  setup: () => ({
    onRequest: (request, reply) =>
      request.headers.authorization === undefined ? reply.code(401).send({ no: true }) : undefined,
  }),
});

/** Asks for a URL, and gives what the layers have noted meanwhile. */
async function ask(app: FastifyInstance, notes: string[], url: string): Promise<string[]> {
  notes.length = 0;
  await app.inject(url);
  return [...notes];
}

describe.each(WAYS)("registered $way", ({ arrange }) => {
  it("a layer of a child reaches the child's routes and those below, and no others", async () => {
    const notes: string[] = [];
    const app = await boot(
      arrange([
        (app) => app.get("/", async () => "root"),
        (app) =>
          app.register(async (child) => {
            for (const register of arrange([
              () => child.register(probe("child", "gate", notes, ["onRequest"])),
              () => child.get("/child", async () => "child"),
              () => child.register(async (below) => void below.get("/below", async () => "below")),
            ]))
              register();
          }),
        (app) => app.register(async (other) => void other.get("/other", async () => "other")),
      ]),
    );
    expect(await ask(app, notes, "/child")).toEqual(["onRequest child"]);
    expect(await ask(app, notes, "/below")).toEqual(["onRequest child"]);
    for (const url of ["/", "/other", "/nowhere"]) expect(await ask(app, notes, url)).toEqual([]);
  });

  it("the order is one across scopes: a child's layer comes before its parent's where its place is further out", async () => {
    const notes: string[] = [];
    const app = await boot(
      arrange([
        (app) => app.register(probe("quota", "spend", notes, ["onRequest", "onSend"])),
        (app) => app.register(probe("request-id", "identify", notes, ["onRequest", "onSend"])),
        (app) =>
          app.register(async (child) => {
            child.register(probe("api-key", "authenticate", notes, ["onRequest", "onSend"]));
            child.register(async (below) => {
              below.register(probe("log", "observe", notes, ["onRequest", "onSend"]));
              below.get("/", async () => "hello");
            });
          }),
      ]),
    );
    expect(await ask(app, notes, "/")).toEqual([
      "onRequest request-id",
      "onRequest log",
      "onRequest api-key",
      "onRequest quota",
      "onSend quota",
      "onSend api-key",
      "onSend log",
      "onSend request-id",
    ]);
  });

  it("an inner layer replaces the outer one of its name where it says so, there and below", async () => {
    const limit = (value: string) =>
      layer("limit", "shield", {
        onRequest: (_request, reply) => void reply.header("x-limit", value),
      });
    const app = await boot(
      arrange([
        (app) => app.register(limit("outer")),
        (app) => app.get("/", async () => "root"),
        (app) =>
          app.register(async (child) => {
            child.register(limit("inner"), { layer: { override: true } });
            child.get("/child", async () => "child");
            child.register(async (below) => void below.get("/below", async () => "below"));
          }),
      ]),
    );
    const headerOn = async (url: string) => (await app.inject(url)).headers["x-limit"];
    expect(await headerOn("/")).toBe("outer");
    expect(await headerOn("/child")).toBe("inner");
    expect(await headerOn("/below")).toBe("inner");
    expect(await headerOn("/nowhere")).toBe("outer");
    expect(lineOf(app, "GET", "/below")).toEqual(["limit"]);
  });
});

describe("skipping", () => {
  it("a scope leaves layers out on its own routes and below, in whichever scope they were registered", async () => {
    const app = await boot([
      (app) => app.register(probe("compress", "encode")),
      (app) => app.register(probe("log", "observe")),
      (app) =>
        app.register(async (child) => {
          child.get("/child", async () => "child");
          child.register(async (below) => void below.get("/below", async () => "below"));
          // The routes came first: the line is solved when all is there.
          child.order.skip("compress", "log");
        }),
      (app) => app.get("/", async () => "root"),
    ]);
    expect(lineOf(app, "GET", "/child")).toEqual([]);
    expect(lineOf(app, "GET", "/below")).toEqual([]);
    expect(lineOf(app, "GET", "/")).toEqual(["log", "compress"]);
  });

  it("the root leaves a layer out everywhere, on what is not found too", async () => {
    const app = await boot([
      (app) => app.register(probe("log", "observe")),
      (app) => app.order.skip("log"),
      (app) => app.get("/", async () => "root"),
    ]);
    expect(lineOf(app, "GET", "/")).toEqual([]);
    expect(lineOf(app, "GET", "/nowhere")).toEqual([]);
  });

  it("a route leaves layers out for itself and its HEAD", async () => {
    const notes: string[] = [];
    const app = await boot([
      (app) => app.register(probe("log", "observe", notes, ["onRequest", "onSettled"])),
      (app) => app.get("/quiet", { config: { skip: ["log"] } }, async () => "quiet"),
      (app) => app.get("/loud", async () => "loud"),
    ]);
    await app.inject("/quiet");
    await app.inject({ method: "HEAD", url: "/quiet" });
    expect(notes).toEqual([]);
    await app.inject("/loud");
    expect(notes).toEqual(["onRequest log", "onSettled log"]);
  });
});

describe("guards", () => {
  it("are gone round by public routes alone, and what needs a principal goes with them", async () => {
    const notes: string[] = [];
    const app = await boot([
      (app) => app.register(key),
      (app) => app.register(probe("rules", "authorize", notes, ["onRequest"])),
      (app) =>
        app.register(probe("quota", "spend", notes, ["onRequest"]), {
          layer: { requires: ["principal"] },
        }),
      (app) => app.register(probe("log", "observe", notes, ["onRequest"])),
      (app) => app.get("/closed", async () => "closed"),
      (app) => app.get("/open", { config: { public: true } }, async () => "open"),
      (app) => app.get("/not-open", { config: { public: false } }, async () => "not open"),
    ]);
    expect((await app.inject("/open")).body).toBe("open");
    expect(notes).toEqual(["onRequest log"]);
    for (const url of ["/closed", "/not-open", "/nowhere"]) {
      expect((await app.inject(url)).statusCode, url).toBe(401);
    }
    const headers = { authorization: "yes" };
    notes.length = 0;
    expect((await app.inject({ url: "/closed", headers })).body).toBe("closed");
    expect(notes).toEqual(["onRequest log", "onRequest rules", "onRequest quota"]);
    expect((await app.inject({ url: "/nowhere", headers })).statusCode).toBe(404);
  });

  it("guard whatever else is skipped", async () => {
    const app = await boot([
      (app) => app.register(key),
      (app) => app.register(probe("log", "observe")),
      (app) => app.get("/", { config: { skip: ["log"] } }, async () => "closed"),
    ]);
    expect((await app.inject("/")).statusCode).toBe(401);
  });
});

describe("prefixes", () => {
  it("leave a layer in the scope where it is registered, however deep", async () => {
    const notes: string[] = [];
    const app = await boot([
      (app) => app.register(probe("root", "observe", notes, ["onRequest"])),
      (app) =>
        app.register(
          async (v1) => {
            v1.register(probe("v1", "gate", notes, ["onRequest"]));
            v1.get("/", async () => "v1");
            v1.register(
              async (runs) => {
                runs.register(probe("runs", "host", notes, ["onRequest"]));
                runs.get("/:id", async () => "run");
              },
              { prefix: "/runs" },
            );
          },
          { prefix: "/v1" },
        ),
    ]);
    expect(await ask(app, notes, "/v1")).toEqual(["onRequest root", "onRequest v1"]);
    expect(await ask(app, notes, "/v1/")).toEqual(["onRequest root", "onRequest v1"]);
    expect(await ask(app, notes, "/v1/runs/7")).toEqual([
      "onRequest root",
      "onRequest runs",
      "onRequest v1",
    ]);
    expect(await ask(app, notes, "/v1/nowhere")).toEqual(["onRequest root"]);
  });
});

describe("routes on one path that differ by a constraint", () => {
  it("each have their own config", async () => {
    const app = await boot([
      (app) => app.register(key),
      (app) =>
        app.route({
          method: "GET",
          url: "/",
          constraints: { host: "open.example" },
          config: { public: true },
          handler: async () => "open",
        }),
      (app) =>
        app.route({
          method: "GET",
          url: "/",
          constraints: { host: "closed.example" },
          handler: async () => "closed",
        }),
    ]);
    const statusAt = async (host: string) =>
      (await app.inject({ url: "/", headers: { host } })).statusCode;
    expect(await statusAt("open.example")).toBe(200);
    expect(await statusAt("closed.example")).toBe(401);
    expect(await statusAt("other.example")).toBe(401);
  });
});

it("`this` is the instance of the route in every hook, as in Fastify's own", async () => {
  const seen: unknown[] = [];
  let declaring: FastifyInstance | undefined;
  function note(this: unknown): void {
    seen.push(this === declaring);
  }
  const hooks = {
    onRequest: note,
    preHandler: note,
    onSend: note,
    onHeaders: note,
    onSettled: note,
  };
  const app = await boot([
    (app) => app.register(layer("noting", "gate", hooks)),
    (app) =>
      app.register(async (child) => {
        declaring = child;
        child.get("/", async () => "hello");
      }),
  ]);
  await app.inject("/");
  expect(seen).toEqual([true, true, true, true, true]);
});
