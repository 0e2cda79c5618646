import { BoundedCache } from "@enfilade/auth";
import { createClock } from "@enfilade/testing";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { createSigner } from "../src/index.ts";
import { call, hs, make, SECRET, statusOf } from "./support.ts";

const keys = [{ secret: SECRET }];

describe("the cache of verified tokens (case 7)", () => {
  it("is asked by a hash of the whole token, never by a part of it", async () => {
    const asked = vi.spyOn(BoundedCache.prototype, "get");
    const app = await make();
    const token = hs();
    await call(app, token);
    await call(app, token);
    for (const [key] of asked.mock.calls) {
      expect(key).toMatch(/^[A-Za-z0-9+/]{43}=$/);
      expect(token).not.toContain(key);
    }
    expect(asked.mock.results.map(({ value }) => value === undefined)).toEqual([true, false]);
    asked.mockRestore();
  });

  it("gives every token its own claims, however alike they are", async () => {
    const app = await make({ keys, cache: { maxEntries: 8 } });
    const name = fc.constantFrom("ann", "bob", "ann2", "An", "anna", "eve");
    await fc.assert(
      fc.asyncProperty(fc.array(name, { maxLength: 30 }), async (names) => {
        for (const sub of names) {
          const token = hs({ sub, exp: 9e9 });
          expect((await call(app, token)).json().id).toBe(sub);
          // The same beginning, or the same end, with a signature that is another's.
          const [header, payload] = token.split(".");
          const foreign = hs({ sub: `${sub}x`, exp: 9e9 }).split(".")[2];
          expect(await statusOf(app, `${header}.${payload}.${foreign}`)).toBe(401);
        }
      }),
      { numRuns: 15 },
    );
  });

  it("never outlives exp, nor its own time", async () => {
    const clock = createClock();
    const sign = createSigner({ key: SECRET, now: clock.now, expiresInSeconds: 60 });
    const app = await make({
      keys,
      now: clock.now,
      clockToleranceSeconds: 0,
      cache: { ttlMs: 3_600_000 },
    });
    const token = sign({ sub: "ann" });
    expect(await statusOf(app, token)).toBe(200);
    clock.advance(60_000);
    expect(await statusOf(app, token)).toBe(401);
    expect(await statusOf(app, token)).toBe(401);
  });

  it("does not believe what a clock that was set back says was not yet valid", async () => {
    const now = Math.floor(Date.now() / 1000);
    let time = now * 1000;
    const app = await make({ keys, now: () => time, clockToleranceSeconds: 0 });
    const token = hs({ nbf: now + 10, exp: now + 1000 });
    time += 11_000;
    expect(await statusOf(app, token)).toBe(200);
    time -= 11_000;
    expect(await statusOf(app, token)).toBe(401);
  });

  it("remembers nothing that was refused", async () => {
    const clock = createClock();
    const app = await make({ keys, now: clock.now, clockToleranceSeconds: 0 });
    const token = hs({ nbf: Math.floor(clock.now() / 1000) + 10, exp: 9e9 });
    expect(await statusOf(app, token)).toBe(401);
    clock.advance(11_000);
    expect(await statusOf(app, token)).toBe(200);
  });

  it("shares a principal that no request can change", async () => {
    const app = await make();
    app.get("/change", { config: { access: "authenticated" } }, async ({ principal }) => {
      const deep = principal?.dependencies as { list: unknown[] } | undefined;
      const attempts = [
        () => Object.assign(principal ?? {}, { id: "root" }),
        () => deep?.list.push("more"),
        () => Object.assign(principal?.claims ?? {}, { scope: "agent_os:admin" }),
      ];
      return attempts.map((attempt) => {
        try {
          attempt();
          return "changed";
        } catch {
          return "kept";
        }
      });
    });
    const token = hs({ dependencies: { list: [] } });
    const headers = { authorization: `Bearer ${token}` };
    expect((await app.inject({ url: "/change", headers })).json()).toEqual([
      "kept",
      "kept",
      "kept",
    ]);
    expect((await call(app, token)).json()).toMatchObject({
      id: "ann",
      dependencies: { list: [] },
    });
  });

  it("keeps two registrations apart: a token verified by one is nothing to the other (case 6)", async () => {
    const strict = await make({ keys, audience: "a" });
    const lax = await make({ keys });
    const token = hs();
    expect(await statusOf(lax, token)).toBe(200);
    expect(await statusOf(strict, token)).toBe(401);
  });
});
