import type { FastifyInstance } from "fastify";
import { expect, it } from "vitest";
import { inAnyOrder, outer } from "../src/index.ts";

it("puts ever another app together, in line, and closes it", async () => {
  const seen = new Set<string>();
  const apps = new Set<FastifyInstance>();
  let order = "";
  let open = 0;
  await inAnyOrder(
    [
      (app) => {
        order += "a";
        open += 1;
        app.addHook("onClose", async () => {
          open -= 1;
        });
      },
      (app) => {
        order += "b";
        return app.register(outer);
      },
    ],
    async (app) => {
      seen.add(order);
      order = "";
      apps.add(app);
      expect(open).toBe(1);
      expect(app).toHaveProperty("order");
      expect((await app.inject("/")).headers["x-outer"]).toBe("yes");
    },
  );
  expect([...seen].sort()).toEqual(["ab", "ba"]);
  expect(apps.size).toBe(24);
  expect(open).toBe(0);
});

it("awaits registrations, or does not", async () => {
  const seen = new Set<string>();
  let waited = false;
  await inAnyOrder(
    [
      () => {
        waited = false;
        return Promise.resolve().then(() => {
          waited = true;
        });
      },
      () => void seen.add(waited ? "awaited" : "not awaited"),
    ],
    async () => {},
  );
  expect(seen).toContain("awaited");
  expect(seen).toContain("not awaited");
});

it("fails where one order makes a difference", async () => {
  let first = "";
  const failing = inAnyOrder(
    [
      () => {
        first ||= "a";
      },
      () => {
        first ||= "b";
      },
    ],
    async () => {
      const was = first;
      first = "";
      expect(was).toBe("a");
    },
  );
  await expect(failing).rejects.toThrow("Property failed");
});
