import { adopt } from "@enfilade/layer";
import { FastifyOtelInstrumentation } from "@fastify/otel";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import type { FastifyPluginCallback } from "fastify";
import { describe, expect, it } from "vitest";
import { boot, type Registration, refusalOf, WAYS } from "./boot.ts";
import { layer } from "./probes.ts";

interface Traced {
  readonly adopted: Registration;
  spans(): ReadableSpan[];
}

function traced(config: { instrumentHandler?: boolean } = {}): Traced {
  const exporter = new InMemorySpanExporter();
  const instrumentation = new FastifyOtelInstrumentation(config);
  instrumentation.setTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  const plugin = instrumentation.plugin() as FastifyPluginCallback;
  return {
    adopted: (app) => app.register(adopt(plugin, { name: "otel", place: "observe" })),
    spans: () => exporter.getFinishedSpans(),
  };
}

const requestSpans = (spans: readonly ReadableSpan[]) =>
  spans
    .filter(({ name }) => name === "request")
    .map(({ attributes }) => [attributes["url.path"], attributes["http.response.status_code"]]);

describe.each(WAYS)("@fastify/otel adopted, registered $way", ({ arrange }) => {
  it("makes one span of each request, of refusals and of what is not found", async () => {
    const { adopted, spans } = traced({ instrumentHandler: false });
    const app = await boot(
      arrange([
        adopted,
        (app) =>
          app.register(
            layer("locked", "authenticate", {
              onRequest: (request, reply) =>
                request.url === "/locked" ? reply.code(401).send() : undefined,
            }),
          ),
        (app) => app.get("/", async () => "hello"),
        (app) => app.get("/locked", async () => "hello"),
      ]),
    );
    for (const url of ["/", "/locked", "/nowhere"]) await app.inject(url);
    expect(requestSpans(spans())).toEqual([
      ["/", 200],
      ["/locked", 401],
      ["/nowhere", 404],
    ]);
  });

  it("leaves users' hooks where they are, in their own scope, after itself", async () => {
    const { adopted } = traced({ instrumentHandler: false });
    const seen: string[] = [];
    const app = await boot(
      arrange([
        adopted,
        (app) =>
          app.register(layer("inner", "spend", { onRequest: () => void seen.push("inner") })),
        (app) => app.addHook("onRequest", async () => void seen.push("user")),
        (app) =>
          app.register(async (child) => {
            child.addHook("onRequest", async () => void seen.push("child's user"));
            child.get("/child", async () => "hello");
          }),
        (app) => app.get("/", async () => "hello"),
      ]),
    );
    await app.inject("/");
    expect(seen).toEqual(["inner", "user"]);
    seen.length = 0;
    await app.inject("/child");
    expect(seen[0]).toBe("inner");
    expect(seen.slice(1).sort()).toEqual(["child's user", "user"]);
  });
});

it("@fastify/otel makes a span of the handler where it was loaded before the route", async () => {
  const { adopted, spans } = traced();
  const app = await boot([
    adopted,
    (app) =>
      app.register(async function child(instance) {
        instance.get("/", async () => "hello");
      }),
  ]);
  await app.inject("/");
  expect(spans().map(({ name }) => name)).toEqual(["handler - child", "request"]);
});

it("@fastify/otel cannot wrap the handler of a route that came first, and the app refuses to boot", async () => {
  const { findings } = await refusalOf([(app) => app.get("/", async () => "x"), traced().adopted]);
  expect(findings[0]).toMatchObject({
    code: "ORDER_LATE_ROUTE",
    where: "GET /",
    why: expect.stringContaining('"handler"'),
  });
});
