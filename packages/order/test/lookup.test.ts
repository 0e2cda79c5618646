import Fastify from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { order } from "../src/index.ts";
import { arranged, boot, lineOf } from "./boot.ts";
import { probe } from "./probes.ts";

const seen = probe("seen", "observe");
const inner = probe("inner", "handle");

describe("explain finds the route", () => {
  it("by its pattern, by a concrete URL, with a query, in either case of the method", async () => {
    const app = await boot([
      (app) => app.post("/agents/:id/runs", async () => "run"),
      (app) => app.get("/files/*", async () => "file"),
    ]);
    const found = (method: string, url: string) => app.order.explain(method, url).name;
    expect(found("POST", "/agents/:id/runs")).toBe("POST /agents/:id/runs");
    expect(found("post", "/agents/docs/runs?stream=true")).toBe("POST /agents/:id/runs");
    expect(found("GET", "/files/a/b/c")).toBe("GET /files/*");
    expect(found("HEAD", "/files/a")).toBe("HEAD /files/*");
    expect(found("DELETE", "/agents/docs/runs")).toBe("not found");
    expect(found("BREW", "/agents/docs/runs")).toBe("not found");
  });

  it("under the options of the app's router, given in the new form and in the old", async () => {
    const routerOptions = {
      ignoreTrailingSlash: true,
      caseSensitive: false,
      ignoreDuplicateSlashes: true,
      useSemicolonDelimiter: true,
    };
    const app = await boot([(app) => app.get("/Runs", async () => "runs")], { routerOptions });
    for (const url of ["/runs", "/RUNS/", "//runs", "/runs;a=1"]) {
      expect((await app.inject(url)).statusCode, url).toBe(200);
      expect(app.order.explain("GET", url).name, url).toBe("GET /Runs");
    }
    const strict = await boot([(app) => app.get("/Runs", async () => "runs")]);
    for (const url of ["/runs", "/Runs/", "//Runs", "/Runs;a=1"]) {
      expect((await strict.inject(url)).statusCode, url).toBe(404);
      expect(strict.order.explain("GET", url).name, url).toBe("not found");
    }
  });

  it("under options of which some are given in the new form and some in the old", async () => {
    const app = await boot([(app) => app.get("/runs/:id", async () => "run")], {
      ignoreTrailingSlash: true,
      maxParamLength: 200,
      routerOptions: { caseSensitive: false },
    });
    for (const url of ["/RUNS/7", "/runs/7/", `/runs/${"7".repeat(150)}`]) {
      expect((await app.inject(url)).statusCode, url).toBe(200);
      expect(app.order.explain("GET", url).name, url).toBe("GET /runs/:id");
    }
  });

  it("with the slash and without, where Fastify declares the root of a prefix twice", async () => {
    const app = await boot([
      (app) =>
        app.register(
          async (child) => {
            child.register(inner);
            child.get("/", async () => "agents");
          },
          { prefix: "/agents" },
        ),
    ]);
    for (const url of ["/agents", "/agents/"]) {
      expect((await app.inject(url)).statusCode, url).toBe(200);
      expect(lineOf(app, "GET", url), url).toEqual(["inner"]);
    }
  });

  it("that was declared before the line had loaded", async () => {
    const app = Fastify();
    onTestFinished(() => app.close());
    app.register(order);
    app.get("/early/:id", async () => "early");
    app.register(seen);
    await app.ready();
    for (const url of ["/early/:id", "/early/7?a=1"]) {
      expect(app.order.explain("GET", url)).toMatchObject({
        kind: "route",
        doors: [{ layer: "seen" }],
      });
    }
    expect(app.order.explain("GET", "/later").kind).toBe("not-found");
  });
});

describe("explain finds the not-found handler", () => {
  it("of the longest prefix that holds whole segments of the path, with parameters too", async () => {
    const app = await boot([
      (app) =>
        app.register(
          async (child) => {
            child.setNotFoundHandler((_request, reply) => reply.code(404).send("api"));
            child.register(
              async (grandchild) => {
                grandchild.setNotFoundHandler((_request, reply) => reply.code(404).send("tenant"));
              },
              { prefix: "/tenants/:id" },
            );
          },
          { prefix: "/api" },
        ),
      (app) => app.setNotFoundHandler((_request, reply) => reply.code(404).send("root")),
    ]);
    for (const [url, body, name] of [
      ["/nowhere", "root", "not found"],
      ["/apix", "root", "not found"],
      ["/api", "api", "not found below /api"],
      ["/api/nowhere?a=/api/tenants/1", "api", "not found below /api"],
      ["/api/tenants/7/nowhere", "tenant", "not found below /api/tenants/:id"],
    ] as const) {
      expect((await app.inject(url)).body, url).toBe(body);
      expect(app.order.explain("GET", url).name, url).toBe(name);
    }
  });

  it("that a child without a prefix has set: it answers for the whole app, with the child's layers", async () => {
    const notes: string[] = [];
    const app = await boot([
      (app) => app.register(seen),
      (app) =>
        app.register(async (child) => {
          child.register(probe("inner", "handle", notes, ["onRequest"]));
          child.setNotFoundHandler((_request, reply) => reply.code(404).send("child"));
        }),
    ]);
    expect((await app.inject("/nowhere")).body).toBe("child");
    expect(notes).toEqual(["onRequest inner"]);
    expect(lineOf(app, "GET", "/nowhere")).toEqual(["seen", "inner"]);
  });
});

it("explain has an answer before anything was declared", async () => {
  const app = await arranged();
  await app.ready();
  expect(app.order.explain("GET", "/")).toMatchObject({
    kind: "not-found",
    doors: [],
    leftOut: [],
  });
  expect(app.order.explain("OPTIONS", "*").kind).toBe("not-found");
});
