import Fastify, { type FastifyInstance, type RouteOptions } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { arrange, type Constraints, order } from "../src/index.ts";
import { arranged, boot, lineOf } from "./boot.ts";
import { type StrategyOf, secret, tenant } from "./constrained.ts";
import { layer, probe } from "./probes.ts";

const handler = async () => "here";

/** Declares a route in a child of its own, with a layer that tells it from the others. */
function routeWith(name: string, url: string, constraints?: Constraints, method = "GET") {
  return (app: FastifyInstance) =>
    app.register(async (child) => {
      child.register(probe(name, "gate", [], ["onRequest"]));
      child.route({ method, url, handler, ...(constraints && { constraints }) } as RouteOptions);
    });
}

const versions = [
  routeWith("v1", "/runs", { version: "1.2.0" }),
  routeWith("v2", "/runs", { version: "2.0.0" }),
  routeWith("any", "/runs"),
];

describe("explain, of routes that differ by a constraint", () => {
  it("finds the one that a request with these constraints leads to", async () => {
    const app = await boot([
      ...versions,
      routeWith("tools", "/agents/:id", { host: "tools.example" }),
      routeWith("others", "/agents/:id", { host: /\.example$/ }),
    ]);
    const doorsFor = (url: string, constraints: Constraints) =>
      app.order.explain("GET", url, { constraints }).doors.map(({ layer }) => layer);
    expect(doorsFor("/runs", { version: "1.x" })).toEqual(["v1"]);
    expect(doorsFor("/runs", { version: "1.2.0" })).toEqual(["v1"]);
    expect(doorsFor("/runs", { version: "x" })).toEqual(["v2"]);
    expect(doorsFor("/runs", { host: "a.example" })).toEqual(["any"]);
    expect(doorsFor("/runs", {})).toEqual(["any"]);
    for (const url of ["/agents/7", "/agents/:id"]) {
      expect(doorsFor(url, { host: "tools.example" }), url).toEqual(["tools"]);
      expect(doorsFor(url, { host: "docs.example", version: undefined }), url).toEqual(["others"]);
    }
  });

  it("finds one by its constraints as they were declared, which it gives as data", async () => {
    const app = await boot([
      ...versions,
      routeWith("one", "/files/:name(^\\w+$)", { host: /^a/ }),
      routeWith("two", "/files/:name(^\\w+$)", { host: /^b/ }),
      routeWith("fallback", "/files/*"),
    ]);
    for (const constraints of [{ host: /^a/ }, { host: /^b/ }]) {
      const line = app.order.explain("GET", "/files/:name(^\\w+$)", { constraints });
      expect(line.constraints).toEqual(constraints);
    }
    expect(
      app.order.explain("GET", "/files/:name(^\\w+$)", { constraints: { host: "b.example" } }),
    ).toMatchObject({ constraints: { host: /^b/ } });
    expect(app.order.explain("GET", "/runs", { constraints: {} }).constraints).toEqual({});
  });

  it("finds one of another spelling, where a request would", async () => {
    const app = await boot(
      [
        routeWith("plain", "/runs/:id"),
        routeWith("tools", "/runs/:name", { host: "tools.example" }),
        routeWith("upper", "/Files", { host: "tools.example" }),
        routeWith("lower", "/files"),
      ],
      { routerOptions: { caseSensitive: false } },
    );
    for (const [url, layer] of [
      ["/runs/:id", "tools"],
      ["/files", "upper"],
    ] as const) {
      const constraints = { host: "tools.example" };
      expect(app.order.explain("GET", url, { constraints }).doors).toMatchObject([{ layer }]);
    }
  });

  it("explains the HEAD of each; and the not-found handler where none of them fits", async () => {
    const app = await boot([
      (app) => app.register(probe("seen", "observe")),
      ...versions.slice(0, 2),
      routeWith("preflight", "/runs", { host: "a.example" }, "OPTIONS"),
    ]);
    const found = (method: string, constraints: Constraints) =>
      app.order.explain(method, "/runs", { constraints });
    expect(found("HEAD", { version: "2.0.0" })).toMatchObject({
      name: "HEAD /runs for version 2.0.0",
      doors: [{ layer: "seen" }, { layer: "v2" }],
    });
    expect(found("OPTIONS", { host: "a.example" }).name).toBe("OPTIONS /runs for host a.example");
    const lost: [string, Constraints][] = [
      ["GET", { version: "3.x" }],
      ["HEAD", {}],
      ["OPTIONS", { host: "b.example" }],
    ];
    for (const [method, constraints] of lost) {
      expect(found(method, constraints), method).toMatchObject({
        kind: "not-found",
        doors: [{ layer: "seen" }],
      });
    }
  });

  it("goes on to other patterns, as Fastify does", async () => {
    const app = await boot([
      routeWith("static", "/runs", { host: "a.example" }),
      routeWith("parametric", "/:anything"),
    ]);
    const line = (constraints: Constraints) => app.order.explain("GET", "/runs", { constraints });
    expect(line({ host: "a.example" }).url).toBe("/runs");
    expect(line({ host: "b.example" }).url).toBe("/:anything");
  });

  it("looks for a version only where a route asks for one, as Fastify does", async () => {
    const app = await boot([routeWith("any", "/runs")]);
    const headers = { "accept-version": "1.x" };
    expect((await app.inject({ url: "/runs", headers })).statusCode).toBe(200);
    const line = app.order.explain("GET", "/runs/", { constraints: { version: "1.x" } });
    expect(line.kind).toBe("not-found");
    expect(
      app.order.explain("GET", "/runs?a=1", { constraints: { version: "1.x" } }).doors,
    ).toMatchObject([{ layer: "any" }]);
  });
});

describe("explain, without constraints", () => {
  it("refuses to choose, and names the routes, by pattern and by URL", async () => {
    const app = await boot([
      ...versions,
      routeWith("a", "/agents/:id", { host: "a.example" }),
      routeWith("b", "/agents/:name", { host: "b.example", version: "1.0.0" }),
    ]);
    expect(() => app.order.explain("GET", "/runs")).toThrowError(
      expect.objectContaining({
        code: "ORDER_AMBIGUOUS_ROUTE",
        message: expect.stringContaining(
          "GET /runs may lead to more than one route: GET /runs for version 1.2.0; GET /runs for version 2.0.0; GET /runs.",
        ),
      }),
    );
    expect(() => app.order.explain("HEAD", "/agents/7?a=1")).toThrowError(
      /HEAD \/agents\/:id for host a\.example; HEAD \/agents\/:name for host b\.example, version 1\.0\.0\./,
    );
  });

  it("answers where there is no choice", async () => {
    const app = await boot([
      routeWith("a", "/runs/:id", { host: "a.example" }),
      routeWith("b", "/runs/:id/steps", { host: "b.example" }),
      routeWith("plain", "/runs/latest"),
      routeWith("fallback", "/runs/*"),
    ]);
    expect(lineOf(app, "GET", "/runs/:id")).toEqual(["a"]);
    expect(lineOf(app, "GET", "/runs/7/steps/1")).toEqual(["fallback"]);
    // Whatever else a request brings, what is static and unconstrained comes first.
    expect(lineOf(app, "GET", "/runs/latest?a=1")).toEqual(["plain"]);
    expect(() => lineOf(app, "GET", "/runs/7")).toThrowError(/more than one route/);
  });

  it("knows that Fastify goes past routes that do not ask for a version, where a request brings one", async () => {
    const app = await boot([
      routeWith("plain", "/runs/latest"),
      routeWith("versioned", "/runs/:id", { version: "2.0.0" }),
      routeWith("hosted", "/runs/*", { host: "a.example" }),
    ]);
    const constraints = { version: "2.x", host: "a.example" };
    expect(app.order.explain("GET", "/runs/latest", { constraints }).url).toBe("/runs/:id");
    expect(() => app.order.explain("GET", "/runs/latest?a=1")).toThrowError(
      "GET /runs/latest?a=1 may lead to more than one route: GET /runs/latest; GET /runs/:id for version 2.0.0.",
    );
  });

  it("counts a HEAD route once, that Fastify would have declared and has not", async () => {
    const app = await boot(
      [
        (app) => app.head("/runs/", { constraints: { host: "a.example" } }, handler),
        (app) => app.get("/runs/", { constraints: { host: "a.example" } }, handler),
      ],
      { routerOptions: { ignoreTrailingSlash: true } },
    );
    for (const url of ["/runs", "/runs/"]) {
      expect(app.order.explain("HEAD", url).name).toBe("HEAD /runs/ for host a.example");
    }
  });
});

describe.each<[string, (strategies: StrategyOf[]) => Promise<FastifyInstance>]>([
  [
    "given to Fastify",
    async (strategies) =>
      arranged({
        routerOptions: {
          constraints: Object.fromEntries(strategies.map((one) => [one.name, one])) as never,
        },
      }),
  ],
  [
    "given to Fastify in the old form",
    async (strategies) =>
      arranged({
        constraints: Object.fromEntries(
          strategies.map((one) => [one.name, { ...one, validate() {} }]),
        ),
      } as object),
  ],
  [
    "added to the app",
    async (strategies) => {
      const app = await arranged();
      for (const strategy of strategies) app.addConstraintStrategy(strategy);
      return app;
    },
  ],
])("strategies %s", (_how, make) => {
  it("choose in an explanation as they do for a request", async () => {
    const app = await make([tenant, secret]);
    routeWith("acme", "/runs", { tenant: "acme" })(app);
    routeWith("both", "/runs", { tenant: "acme", host: "a.example" })(app);
    routeWith("hidden", "/runs", { secret: "s" })(app);
    routeWith("any", "/:url")(app);
    await app.ready();
    const doors = (constraints: Constraints) =>
      app.order.explain("GET", "/runs", { constraints }).doors.map(({ layer }) => layer);
    expect(doors({ tenant: "ACME" })).toEqual(["acme"]);
    expect(doors({ tenant: "Acme", host: "a.example" })).toEqual(["both"]);
    expect(doors({ secret: "s" })).toEqual(["hidden"]);
    expect(doors({ tenant: "other" })).toEqual(["any"]);
    // It must match when it is derived: what has no constraint of its name is out of the question.
    expect(doors({ secret: "wrong" })).toEqual([]);
  });
});

describe("a constraint that the line does not know", () => {
  it("is refused by its name", async () => {
    const app = await boot(versions);
    expect(() =>
      app.order.explain("GET", "/runs", { constraints: { verison: "1.x" } }),
    ).toThrowError(
      expect.objectContaining({
        code: "ORDER_UNKNOWN_CONSTRAINT",
        message: expect.stringContaining('no constraint "verison", only host, version.'),
      }),
    );
    const misplaced = { host: "a.example" } as object;
    expect(() => app.order.explain("GET", "/runs", misplaced)).toThrowError(
      expect.objectContaining({ code: "ORDER_INVALID_OPTION" }),
    );
  });

  it("keeps nobody from explaining the rest, where its strategy came before the line", async () => {
    const app: FastifyInstance = Fastify();
    onTestFinished(() => app.close());
    app.addConstraintStrategy(tenant);
    arrange(app);
    routeWith("acme", "/runs", { tenant: "acme" })(app);
    routeWith("any", "/runs")(app);
    routeWith("other", "/other/:id")(app);
    await app.ready();
    const doors = (url: string, constraints?: Constraints) =>
      app.order.explain("GET", url, { constraints }).doors.map(({ layer }) => layer);
    expect(doors("/other/1")).toEqual(["other"]);
    expect(doors("/runs", {})).toEqual(["any"]);
    expect(doors("/runs", { tenant: "acme" })).toEqual(["acme"]);
    expect(() => doors("/runs", { tenant: "ACME" })).toThrowError(/no constraint "tenant"/);
  });
});

it("routes from before the line are found by their constraints, too", async () => {
  const app = Fastify();
  onTestFinished(() => app.close());
  app.register(order);
  app.get("/early/:id", { constraints: { version: "1.0.0" } }, handler);
  app.register(probe("seen", "observe"));
  await app.ready();
  const kindOf = (constraints: Constraints) =>
    app.order.explain("GET", "/early/7", { constraints }).kind;
  expect(kindOf({ version: "1.x" })).toBe("route");
  expect(kindOf({ version: "2.x" })).toBe("not-found");
  expect(kindOf({})).toBe("not-found");
});

it("the text of all lines, and findings, tell constrained routes apart", async () => {
  const options = (host: string | RegExp) => ({
    constraints: { host },
    config: { public: true },
  });
  const app = await boot([
    (app) => app.register(layer("lock", "authenticate", { onRequest() {} })),
    (app) => app.get("/runs", options("a.example"), handler),
    (app) => app.get("/runs", options(/^b\./), handler),
    (app) => app.get("/runs", { constraints: { version: "1.0.0" } }, handler),
  ]);
  const names = ["GET /runs for host a.example", "GET /runs for host /^b\\./"];
  expect(app.order.findings().map(({ where }) => where)).toEqual(names);
  const lines = app.order.toText().split("\n");
  expect(lines).toEqual(expect.arrayContaining([...names, "GET /runs for version 1.0.0"]));
});

it("a route whose config a plugin replaces keeps its own line among others of its URL", async () => {
  const notes: string[] = [];
  const app = await boot([
    (app) =>
      app.addHook("onRoute", (route) => {
        route.config = {
          ...(route.constraints?.version === "1.0.0" && { skip: ["log"] }),
        } as never;
      }),
    (app) => app.register(probe("log", "observe", notes, ["onRequest"])),
    (app) => app.get("/runs", { constraints: { version: "2.0.0" } }, handler),
    (app) => app.get("/runs", { constraints: { version: "1.0.0" } }, handler),
  ]);
  for (const [version, expected] of [
    ["1.0.0", []],
    ["2.0.0", ["onRequest log"]],
  ] as const) {
    notes.length = 0;
    await app.inject({ url: "/runs", headers: { "accept-version": version } });
    expect(notes, version).toEqual(expected);
    expect(app.order.explain("GET", "/runs", { constraints: { version } }).trace("stream")).toEqual(
      expected,
    );
  }
});

describe("a URL that Fastify refuses", () => {
  it("has no explanation: no hook runs for it", async () => {
    const notes: string[] = [];
    const app = await boot(
      [
        (app) => app.register(probe("seen", "observe", notes)),
        (app) => app.get("/files/:name", handler),
        (app) => app.get("/runs/:id", handler),
        (app) => app.get("/runs/*", { constraints: { host: "a.example" } }, handler),
      ],
      { routerOptions: { maxParamLength: 150 } },
    );
    for (const [method, url, status] of [
      ["GET", "/files/%zz", 400],
      ["POST", "/files/%zz", 400],
      ["GET", `/files/${"x".repeat(151)}`, 414],
    ] as const) {
      expect((await app.inject({ method, url })).statusCode).toBe(status);
      expect(() => app.order.explain(method, url)).toThrowError(
        expect.objectContaining({ code: "ORDER_URL_REFUSED" }),
      );
    }
    expect(notes).toEqual([]);
    // A constraint may lead to a route that takes it.
    const long = `/runs/${"x".repeat(151)}`;
    expect(app.order.explain("GET", long).name).toBe("GET /runs/* for host a.example");
    const url = `/files/${"x".repeat(150)}`;
    expect((await app.inject(url)).statusCode).toBe(200);
    expect(app.order.explain("GET", url).url).toBe("/files/:name");
  });
});
