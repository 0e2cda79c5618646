import { defineLayer } from "@enfilade/layer";
import { createRecorder, listen, requestHttp2 } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { bootWith, createApp, outer, WAYS } from "../src/index.ts";

const closed = createRecorder<string>();

it("has an arrangement in line, and none alone", async () => {
  expect(await createApp()).not.toHaveProperty("order");
  expect(await createApp({ way: "in line" })).toHaveProperty("order");
});

describe.each(WAYS)("an app, %s,", (way) => {
  it("is made with Fastify's options", async () => {
    const app = await createApp({ way, exposeHeadRoutes: false });
    app.get("/", async () => "here");
    expect((await app.inject({ method: "HEAD", url: "/" })).statusCode).toBe(404);
    expect(app.initialConfig).not.toHaveProperty("way");
  });

  it("speaks HTTP/2 where it is told to", async () => {
    const app = await createApp({ way, http2: true });
    app.get("/", async (request) => request.raw.httpVersion);
    expect((await requestHttp2(await listen(app))).body).toBe("2.0");
  });

  it("is closed when the test ends", async () => {
    const app = await createApp({ way });
    app.addHook("onClose", async () => closed.record(way));
    await app.ready();
  });

  it("has been closed by the time that the next test runs", () => {
    expect(closed.items).toContain(way);
  });

  it("boots with a layer, or tells why it does not", async () => {
    const app = await bootWith(outer, {}, { way });
    expect((await app.inject("/nowhere")).headers["x-outer"]).toBe("yes");
    await expect(bootWith(outer, { prefix: "/a" }, { way })).rejects.toMatchObject({
      code: "LAYER_INVALID_REGISTRATION",
    });
    const late = defineLayer({
      name: "late",
      place: "observe",
      setup(app) {
        app.addHook("onReady", async () => Promise.reject(new Error("not with these routes")));
        return {};
      },
    });
    await expect(bootWith(late, {}, { way })).rejects.toThrow("not with these routes");
  });
});
