import { describe, expect, it } from "vitest";
import { createDeferred } from "../src/index.ts";

describe("a deferred", () => {
  it("resolves with the value that the test hands it", async () => {
    const deferred = createDeferred<number>();
    deferred.resolve(7);
    expect(await deferred.promise).toBe(7);
  });

  it("rejects with the reason that the test hands it", async () => {
    const deferred = createDeferred();
    deferred.reject(new Error("broken"));
    await expect(deferred.promise).rejects.toThrow("broken");
  });
});
