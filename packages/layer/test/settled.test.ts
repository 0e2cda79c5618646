import { createDeferred, createLogLines } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { createApp, layer } from "./support.ts";

describe("onSettled", () => {
  it("may take its time: closing the app waits for it", async () => {
    const app = createApp();
    const release = createDeferred();
    const order: string[] = [];
    await app.register(
      layer({
        async onSettled() {
          await release.promise;
          order.push("settled");
        },
      }),
    );
    app.get("/", async () => "hello");
    await app.inject("/");
    const closed = app.close().then(() => order.push("closed"));
    release.resolve();
    await closed;
    expect(order).toEqual(["settled", "closed"]);
  });

  it.each(["at once", "later"])(
    "that throws %s is logged, and keeps no other from running",
    async (when) => {
      const log = createLogLines();
      const app = createApp({ logger: { level: "error", stream: log.stream } });
      const outcomes: string[] = [];
      await app.register(
        layer({ onSettled: (_request, _reply, outcome) => void outcomes.push(outcome) }, "outer"),
      );
      await app.register(
        layer(
          {
            onSettled() {
              if (when === "at once") throw new Error("on purpose");
              return Promise.reject(new Error("on purpose"));
            },
          },
          "inner",
        ),
      );
      app.get("/", async () => "hello");
      expect((await app.inject("/")).statusCode).toBe(200);
      await app.close();
      expect(outcomes).toEqual(["completed"]);
      expect(log.items).toMatchObject([
        { msg: "a layer failed in onSettled", err: { message: "on purpose" } },
      ]);
    },
  );
});
