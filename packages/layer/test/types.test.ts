import helmet, { type FastifyHelmetOptions } from "@fastify/helmet";
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import { expectTypeOf, it } from "vitest";
import {
  adopt,
  defineLayer,
  type Exchange,
  exchangeOf,
  type Layer,
  type LayerRegistration,
  type Outcome,
  PHASES,
  type Phase,
  type Place,
} from "../src/index.ts";

const limited = defineLayer<{ max: number }>({
  name: "limited",
  place: "spend",
  setup(app, options) {
    expectTypeOf(app).toEqualTypeOf<FastifyInstance>();
    expectTypeOf(options).toEqualTypeOf<{ max: number }>();
    return {
      onSettled(_request, _reply, outcome) {
        expectTypeOf(this).toEqualTypeOf<FastifyInstance>();
        expectTypeOf(outcome).toEqualTypeOf<Outcome>();
      },
    };
  },
});

it("a layer is an ordinary Fastify plugin that also takes `layer`", () => {
  expectTypeOf(limited).toEqualTypeOf<Layer<{ max: number }>>();
  expectTypeOf(limited).toExtend<FastifyPluginAsync<{ max: number; layer?: LayerRegistration }>>();
});

it("options are checked where a layer is registered", () => {
  const check = (app: FastifyInstance) => [
    app.register(limited, { max: 1, layer: { place: "gate", override: true } }),
    // @ts-expect-error max is a number
    app.register(limited, { max: "1" }),
    // @ts-expect-error there is no such option
    app.register(limited, { max: 1, bad: 1 }),
    // @ts-expect-error there is no such place
    app.register(limited, { max: 1, layer: { place: "door" } }),
  ];
  expectTypeOf(check).toBeFunction();
});

it("an adopted plugin keeps its options", () => {
  const adopted = adopt<FastifyHelmetOptions>(helmet, { name: "helmet", place: "protect" });
  expectTypeOf(adopted).toEqualTypeOf<Layer<FastifyHelmetOptions>>();
});

it("a definition names a place that there is, and hooks that there are", () => {
  // @ts-expect-error there is no such place
  const misplaced = () => defineLayer({ name: "a", place: "door", setup: () => ({}) });
  const misspelt = () =>
    defineLayer({
      name: "a",
      place: "gate",
      // @ts-expect-error the outcome is no number
      setup: () => ({ onSettled: (_q: unknown, _r: unknown, _outcome: number) => {} }),
    });
  expectTypeOf(misplaced).toBeFunction();
  expectTypeOf(misspelt).toBeFunction();
});

it("phases, places and outcomes are closed unions", () => {
  expectTypeOf<Outcome>().toEqualTypeOf<"completed" | "aborted" | "errored">();
  expectTypeOf(PHASES).items.toEqualTypeOf<Phase>();
  expectTypeOf<"onSettled" | "onHeaders" | "onSend">().toExtend<Phase>();
  expectTypeOf<"door">().not.toExtend<Place>();
  expectTypeOf(exchangeOf).returns.toEqualTypeOf<Exchange | undefined>();
});
