import Fastify from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { arrange, type OrderRefused, order } from "../src/index.ts";
import { arranged, boot, type Registration, refusalOf } from "./boot.ts";
import { probe } from "./probes.ts";

const gate = probe("gate-keeper", "gate");

describe("ORDER_DUPLICATE_LAYER", () => {
  it("refuses the same layer twice in one scope", async () => {
    const { findings } = await refusalOf([
      (app) => app.register(gate),
      (app) => app.register(gate),
    ]);
    expect(findings).toMatchObject([
      { code: "ORDER_DUPLICATE_LAYER", severity: "error", where: "gate-keeper in root" },
    ]);
  });

  it("refuses it in a scope and in an ancestor, whichever came first", async () => {
    for (const flip of [false, true]) {
      const registrations: Registration[] = [
        (app) => app.register(gate),
        (app) =>
          app.register(async function agents(child) {
            child.register(async function runs(grandchild) {
              grandchild.register(gate);
            });
          }),
      ];
      const { findings } = await refusalOf(flip ? registrations.toReversed() : registrations);
      expect(findings).toMatchObject([
        {
          code: "ORDER_DUPLICATE_LAYER",
          where: "gate-keeper in runs",
          why: expect.stringContaining("root"),
        },
      ]);
    }
  });

  it("accepts it in two scopes that do not see each other, and twice under two names", async () => {
    await boot([
      (app) => app.register(async (left) => void left.register(gate)),
      (app) => app.register(async (right) => void right.register(gate)),
      (app) => app.register(gate, { layer: { name: "gate-keeper-2" } }),
    ]);
  });
});

it("ORDER_OVERRIDES_NOTHING refuses an override without an outer layer of that name", async () => {
  const { findings } = await refusalOf([
    (app) => app.register(gate, { layer: { override: true } }),
    (app) =>
      app.register(async function sibling(child) {
        child.register(probe("other", "gate"), { layer: { name: "gate-keeper" } });
      }),
  ]);
  expect(findings.map(({ code, where }) => [code, where])).toEqual([
    ["ORDER_OVERRIDES_NOTHING", "gate-keeper in root"],
    ["ORDER_DUPLICATE_LAYER", "gate-keeper in sibling"],
  ]);
});

describe("ORDER_REGISTERED_TWICE", () => {
  it("refuses a second order, however it came", async () => {
    const ways: Registration[] = [(app) => app.register(order), (app) => arrange(app)];
    for (const again of ways) {
      const { findings } = await refusalOf([again]);
      expect(findings).toMatchObject([
        { code: "ORDER_REGISTERED_TWICE", severity: "error", where: "root" },
      ]);
    }
  });
});

describe("ORDER_LAYER_BEFORE_ORDER", () => {
  it("names the layer that was registered first, and stands outside the line", async () => {
    const app = Fastify();
    onTestFinished(() => app.close());
    await app.register(gate);
    await app.register(order);
    await expect(app.ready().then(() => "booted")).rejects.toMatchObject({
      findings: [{ code: "ORDER_LAYER_BEFORE_ORDER", where: "gate-keeper in root" }],
    });
  });

  it("finds it in a scope below, too", async () => {
    const app = Fastify();
    onTestFinished(() => app.close());
    await app.register(async function agents(child) {
      child.register(gate);
      child.get("/", async () => "hello");
    });
    await app.register(order);
    await expect(app.ready().then(() => "booted")).rejects.toMatchObject({
      findings: [{ code: "ORDER_LAYER_BEFORE_ORDER", where: "gate-keeper in agents" }],
    });
  });
});

describe("ORDER_INVALID_OPTION", () => {
  it("refuses options, which would change nothing", async () => {
    const app = Fastify();
    onTestFinished(() => app.close());
    // @ts-expect-error TypeScript refuses them, too
    app.register(order, { places: ["identify"] });
    await expect(app.ready().then(() => "booted")).rejects.toMatchObject({
      code: "ORDER_INVALID_OPTION",
      message: expect.stringContaining("the option places is unknown"),
    });
  });
});

describe("ORDER_NOT_AT_ROOT", () => {
  it("refuses a line in a child", async () => {
    const app = Fastify();
    onTestFinished(() => app.close());
    app.register(async function agents(child) {
      await child.register(order);
    });
    await expect(app.ready().then(() => "booted")).rejects.toMatchObject({
      code: "ORDER_NOT_AT_ROOT",
      message: expect.stringContaining("agents"),
    });
  });
});

describe("ORDER_REGISTERED_AFTER_READY", () => {
  it("refuses a layer, or any plugin, once the app is ready, and names it", async () => {
    const app = await boot([]);
    expect(() => app.register(gate)).toThrowError(
      expect.objectContaining({
        code: "ORDER_REGISTERED_AFTER_READY",
        message: expect.stringContaining("gate-keeper"),
      }),
    );
    expect(() => app.register(async () => {})).toThrowError(
      expect.objectContaining({ code: "ORDER_REGISTERED_AFTER_READY" }),
    );
  });

  it("refuses to skip layers once the line is solved", async () => {
    const app = await boot([(app) => app.register(gate)]);
    expect(() => app.order.skip("gate-keeper")).toThrowError(
      expect.objectContaining({ code: "ORDER_REGISTERED_AFTER_READY" }),
    );
  });
});

describe("ORDER_NOT_READY", () => {
  it.each(["explain", "coverage", "findings", "toText"] as const)(
    "says that %s has no answer before the line is solved",
    async (method) => {
      const app = await arranged();
      expect(() => app.order[method]("GET", "/")).toThrowError(
        expect.objectContaining({
          code: "ORDER_NOT_READY",
          message: expect.stringContaining(method),
        }),
      );
    },
  );

  it("lets the findings of an app that has refused to boot be read", async () => {
    const app = await arranged();
    app.register(gate);
    app.register(gate);
    const refusal: OrderRefused = await app.ready().then(
      () => expect.unreachable(),
      (error) => error,
    );
    expect(app.order.findings()).toEqual(refusal.findings);
  });
});
