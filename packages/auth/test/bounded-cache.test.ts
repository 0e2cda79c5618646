import fc from "fast-check";
import { expect, it } from "vitest";
import { BoundedCache } from "../src/index.ts";

it("keeps what is asked for, and forgets the rest", () => {
  const cache = new BoundedCache<number>(10);
  cache.set("kept", 1);
  for (let index = 0; index < 100; index++) {
    cache.set(`passing ${index}`, index);
    expect(cache.get("kept")).toBe(1);
  }
  expect(cache.get("passing 0")).toBeUndefined();
  cache.delete("kept");
  expect(cache.get("kept")).toBeUndefined();
  cache.set("again", 1);
  cache.clear();
  expect(cache.size).toBe(0);
});

it("never holds more than it may, and never another key's value", () => {
  const key = fc.integer({ min: 0, max: 50 }).map(String);
  const command = fc.tuple(fc.constantFrom("get", "set", "delete"), key);
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 20 }),
      fc.array(command, { maxLength: 200 }),
      (max, commands) => {
        const cache = new BoundedCache<string>(max);
        for (const [what, name] of commands) {
          if (what === "set") cache.set(name, `value of ${name}`);
          else if (what === "delete") cache.delete(name);
          else if (![undefined, `value of ${name}`].includes(cache.get(name))) return false;
          if (cache.size > max) return false;
        }
        return true;
      },
    ),
  );
});
