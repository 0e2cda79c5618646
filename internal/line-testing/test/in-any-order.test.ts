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
  expect(apps.size).toBe(48);
  expect(open).toBe(0);
});

it("awaits registrations, or does not", async () => {
  const seen = new Set<string>();
  let notes: string[] = [];
  await inAnyOrder(
    [
      async () => {
        // What comes late belongs to this app, not to the next one.
        const own = notes;
        own.push("begun");
        await null;
        own.push("done");
      },
      () => notes.push("next"),
    ],
    async () => {
      seen.add(notes.slice(0, 2).join(", "));
      notes = [];
    },
  );
  expect(seen).toContain("begun, done");
  expect(seen).toContain("begun, next");
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
