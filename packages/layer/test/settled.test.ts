import { createLogLines } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { createApp, layer } from "./support.ts";

describe("onSettled", () => {
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
