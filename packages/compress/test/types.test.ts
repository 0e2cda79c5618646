import type { FastifyContextConfig, FastifyPluginAsync } from "fastify";
import { expect, expectTypeOf, it } from "vitest";
import byDefault, {
  CONTENT_TYPES,
  type Coding,
  type CompressOptions,
  compress,
  type RequestOptions,
} from "../src/index.ts";

it("is one plugin under both names", () => {
  expect(byDefault).toBe(compress);
  expectTypeOf(compress).toExtend<FastifyPluginAsync<CompressOptions>>();
});

it("declares what a route may say", () => {
  expectTypeOf<FastifyContextConfig["compress"]>().toEqualTypeOf<
    false | CompressOptions | undefined
  >();
});

it("knows the codings by name", () => {
  expectTypeOf<Coding>().toEqualTypeOf<"zstd" | "br" | "gzip" | "deflate">();
  expectTypeOf<["gzip"]>().toExtend<CompressOptions["codings"]>();
  expectTypeOf<["lzw"]>().not.toExtend<CompressOptions["codings"]>();
  expectTypeOf<{ br: 5 }>().toExtend<RequestOptions["maxRatio"]>();
});

it("lets a list of one's own begin with the default one", () => {
  expectTypeOf([...CONTENT_TYPES, "application/x-own"]).toExtend<CompressOptions["contentTypes"]>();
});
