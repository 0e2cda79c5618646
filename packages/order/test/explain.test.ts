import { defineLayer } from "@enfilade/layer";
import type { FastifyInstance } from "fastify";
import { beforeEach, describe, expect, it } from "vitest";
import type { Explanation } from "../src/index.ts";
import { boot } from "./boot.ts";
import { layer, probe } from "./probes.ts";

let app: FastifyInstance;
const key = defineLayer({
  name: "api-key",
  place: "authenticate",
  provides: ["principal"],
  setup: () => ({ onRequest() {} }),
});

beforeEach(async () => {
  app = await boot([
    (app) =>
      app.register(probe("quota", "spend", [], ["preHandler", "onSettled"]), {
        layer: { requires: ["principal"] },
      }),
    (app) =>
      app.register(layer("log", "observe", { onRequest() {}, onResponse() {}, onSettled() {} })),
    (app) =>
      app.register(layer("compress", "encode", { onSend() {} }), { layer: { before: ["gate"] } }),
    (app) =>
      app.register(async function agents(child) {
        child.register(key);
        child.post("/agents/:id/runs", async () => "run");
        child.get("/agents/:id", { config: { skip: ["compress"] } }, async () => "agent");
        child.register(async function ops(grandchild) {
          grandchild.order.skip("log");
          grandchild.get("/ops", async () => "ops");
        });
      }),
    (app) => app.register(layer("keeper", "gate", { onRequest() {} })),
    (app) => app.get("/health", { config: { public: true } }, async () => "ok"),
  ]);
});

const doorsOf = ({ doors }: Explanation) => doors.map(({ layer }) => layer);

describe("explain, as data", () => {
  it("gives the doors outermost first, each with its place, its scope and its phases", () => {
    const line = app.order.explain("POST", "/agents/docs/runs");
    expect(line).toMatchObject({
      name: "POST /agents/:id/runs",
      kind: "route",
      methods: ["POST"],
      url: "/agents/:id/runs",
      scope: "agents",
      leftOut: [],
    });
    expect(line.doors).toEqual([
      {
        layer: "log",
        place: "observe",
        scope: "root",
        depth: 0,
        inward: ["onRequest"],
        outward: ["onResponse", "onSettled"],
        because: "place observe",
      },
      {
        layer: "compress",
        place: "encode",
        scope: "root",
        depth: 0,
        inward: [],
        outward: ["onSend"],
        because: "before gate",
      },
      {
        layer: "keeper",
        place: "gate",
        scope: "root",
        depth: 0,
        inward: ["onRequest"],
        outward: [],
        because: "place gate",
      },
      {
        layer: "api-key",
        place: "authenticate",
        scope: "agents",
        depth: 1,
        inward: ["onRequest"],
        outward: [],
        because: "place authenticate",
      },
      {
        layer: "quota",
        place: "spend",
        scope: "root",
        depth: 0,
        inward: ["preHandler"],
        outward: ["onSettled"],
        because: "needs principal",
      },
    ]);
  });

  it("gives the layers of each phase in the order of their running: the way out is reversed", () => {
    const { phases } = app.order.explain("POST", "/agents/:id/runs");
    expect(phases.onRequest).toEqual(["log", "keeper", "api-key"]);
    expect(phases.preHandler).toEqual(["quota"]);
    expect(phases.onSettled).toEqual(["quota", "log"]);
    expect(phases.preParsing).toEqual([]);
  });

  it("names what a route, its scope or its openness leaves out, and what falls with it", () => {
    expect(app.order.explain("GET", "/agents/7").leftOut).toEqual([
      { layer: "compress", scope: "root", why: "the route skips it" },
    ]);
    expect(app.order.explain("GET", "/ops").leftOut).toEqual([
      { layer: "log", scope: "root", why: "its scope skips it" },
    ]);
    expect(app.order.explain("GET", "/health").leftOut).toEqual([
      { layer: "quota", scope: "root", why: 'nothing here makes "principal"' },
    ]);
  });

  it("explains what is not found: the root's layers, without those that need a principal", () => {
    const line = app.order.explain("GET", "/nowhere");
    expect(line).toMatchObject({ name: "not found", kind: "not-found", scope: "root" });
    expect(doorsOf(line)).toEqual(["log", "compress", "keeper"]);
  });

  it("foretells every hook of a kind of response, in order", () => {
    const line = app.order.explain("POST", "/agents/:id/runs");
    const inward = ["onRequest log", "onRequest keeper", "onRequest api-key", "preHandler quota"];
    expect(line.trace("reply")).toEqual([
      ...inward,
      "onSend compress",
      "onResponse log",
      "onSettled quota",
      "onSettled log",
    ]);
    expect(line.trace("hijacked")).toEqual([
      ...inward,
      "onResponse log",
      "onSettled quota",
      "onSettled log",
    ]);
    expect(line.trace("upgrade")).toEqual([...inward, "onSettled quota", "onSettled log"]);
  });
});

describe("explain, as text", () => {
  it("is a table under the name of the route", () => {
    expect(app.order.explain("GET", "/agents/docs").toText()).toBe(
      [
        "GET /agents/:id   (scope agents)",
        "",
        "     place         layer      scope   in ↓        out ↑                 because",
        "  1  observe       log        root    onRequest   onResponse onSettled  place observe",
        "  2  gate          keeper     root    onRequest   ·                     place gate",
        "  3  authenticate  api-key    agents  onRequest   ·                     place authenticate",
        "  4  spend         quota      root    preHandler  onSettled             needs principal",
        "     handle        the route",
        "",
        "  not compress (root): the route skips it",
      ].join("\n"),
    );
  });

  it("of the whole app puts routes with the same line together", () => {
    const text = app.order.toText();
    expect(text.match(/^(GET|HEAD|POST|not found).*$/gm)).toEqual([
      "GET /health",
      "HEAD /health",
      "POST /agents/:id/runs",
      "GET /agents/:id",
      "HEAD /agents/:id",
      "GET /ops",
      "HEAD /ops",
      "not found",
    ]);
    expect(text.match(/because/g)).toHaveLength(5);
  });
});

describe("coverage", () => {
  it("says on how many routes a layer is in line, and which of its phases each response meets", () => {
    const coverage = Object.fromEntries(app.order.coverage().map((one) => [one.layer, one]));
    expect(coverage.compress).toEqual({
      layer: "compress",
      scope: "root",
      routes: 5,
      ofRoutes: 7,
      responses: {
        reply: ["onSend"],
        "not found": ["onSend"],
        error: ["onSend"],
        stream: ["onSend"],
        hijacked: [],
        upgrade: [],
        aborted: [],
      },
    });
    expect(coverage["api-key"]).toMatchObject({
      scope: "agents",
      routes: 5,
      responses: { reply: ["onRequest"], "not found": [], upgrade: ["onRequest"] },
    });
    expect(coverage.quota).toMatchObject({ responses: { "not found": [] } });
    expect(coverage.log).toMatchObject({
      routes: 5,
      responses: { "not found": expect.any(Array) },
    });
  });

  it("counts no response of a layer that is in line for no route", async () => {
    const idle = await boot([
      (app) => app.register(async (child) => void child.register(probe("idle", "gate"))),
      (app) => app.get("/", async () => "hello"),
    ]);
    const [coverage] = idle.order.coverage();
    expect(coverage).toMatchObject({ routes: 0, ofRoutes: 2 });
    expect(Object.values(coverage?.responses ?? {}).flat()).toEqual([]);
  });
});
