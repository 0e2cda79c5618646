import { type PlacedLayer, setArrangement } from "@enfilade/layer/arranging";
import Fastify from "fastify";
import { expect, it } from "vitest";
import { type TimingOptions, timing } from "../src/index.ts";

/** Registers the layer under an arrangement that only looks at it. */
async function place(options: TimingOptions): Promise<PlacedLayer> {
  const app = Fastify();
  const layers: PlacedLayer[] = [];
  setArrangement(app, { add: (_app, layer) => void layers.push(layer) });
  await app.register(timing, options);
  await app.close();
  const [layer] = layers;
  if (layer === undefined) throw new Error("the layer was not placed");
  return layer;
}

async function findings(options: TimingOptions) {
  const { audit } = await place(options);
  const route = { method: "GET", layers: ["timing"] };
  const routes = [
    { ...route, url: "/plain", config: {} },
    { ...route, url: "/detailed", config: { timing: { detail: true } } },
    { ...route, url: "/silent", config: { timing: false } },
  ];
  return [...(audit?.({ instance: Fastify(), routes }) ?? [])];
}

it("stands at the place observe", async () => {
  expect(await place({})).toMatchObject({ name: "timing", place: "observe" });
});

it("lists the routes that tell their spans", async () => {
  const found = await findings({});
  expect(found).toMatchObject([
    { code: "TIMING_DETAIL_EXPOSED", severity: "info", where: "GET /detailed" },
  ]);
  expect((await findings({ detail: true })).map(({ where }) => where)).toEqual([
    "GET /plain",
    "GET /detailed",
  ]);
});

it("lists nothing where the spans cannot leave", async () => {
  expect(await findings({ serverTimingHeader: false })).toEqual([]);
});
