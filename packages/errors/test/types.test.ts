import Fastify, { type FastifyInstance } from "fastify";
import { expectTypeOf, onTestFinished, test } from "vitest";
import defaultExport, {
  DIALECTS,
  type Dialect,
  type DialectName,
  type ErrorEvent,
  type ErrorsOptions,
  errorEvent,
  errorFrame,
  errors,
  serverErrors,
} from "../src/index.ts";

test("the layer is a named and a default export, and its options are typed", () => {
  const app = Fastify();
  onTestFinished(() => app.close());
  expectTypeOf(defaultExport).toEqualTypeOf(errors);
  app.register(errors, { dialect: "openai", dialects: { "/v1": DIALECTS.detail } });
  // @ts-expect-error there is no such dialect
  app.register(errors, { dialect: "xml" });
  expectTypeOf<ErrorsOptions["dialect"]>().toEqualTypeOf<DialectName | Dialect | undefined>();
});

test("a route names its dialect in its config", () => {
  const app = Fastify();
  onTestFinished(() => app.close());
  app.get("/", { config: { errors: { dialect: "jsonrpc" } } }, async () => "here");
  // @ts-expect-error there is no such dialect
  app.get("/x", { config: { errors: { dialect: "xml" } } }, async () => "here");
});

test("what serverErrors() gives is fit for Fastify, the events for any event stream", () => {
  const { http: _http, ...rest } = serverErrors();
  const http1: FastifyInstance = Fastify({ ...serverErrors(), logger: false });
  const http2 = Fastify({ ...rest, http2: true });
  onTestFinished(() => http1.close());
  onTestFinished(() => http2.close());
  http1.get("/", async (request) => errorFrame(request, new Error("no")));
  http2.get("/", async (request) => errorFrame(request, new Error("no")));
  expectTypeOf(errorEvent).returns.toEqualTypeOf<ErrorEvent>();
  expectTypeOf(errorFrame).returns.toEqualTypeOf<string>();
});
