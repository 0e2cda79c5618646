import { WAYS } from "@enfilade/line-testing";
import { createClock, createDeferred } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { type ApiKeyOptions, generateKey, type KeyRecord } from "../src/index.ts";
import { ANN, ANN_RECORD, make, statusOf } from "./support.ts";

/** A lookup over a map, that counts how often it is asked. */
function database(...records: KeyRecord[]) {
  const rows = new Map(records.map((record) => [record.hash, record]));
  const asked: string[] = [];
  const lookup = async (hash: string) => {
    asked.push(hash);
    return rows.get(hash) ?? null;
  };
  return { rows, asked, lookup };
}

const call = { "x-api-key": ANN.key };

describe.each(WAYS)("a lookup, %s", (way) => {
  it("is asked by the hash, and once for as long as its answer is kept", async () => {
    const clock = createClock();
    const { rows, asked, lookup } = database(ANN_RECORD);
    const app = await make({ lookup, now: clock.now, cache: { ttlMs: 1_000 } }, { way });
    expect(await statusOf(app, call)).toBe(200);
    clock.advance(999);
    rows.clear();
    expect(await statusOf(app, call)).toBe(200);
    expect(asked).toEqual([ANN.hash]);
    clock.advance(1);
    expect(await statusOf(app, call)).toBe(401);
    expect(asked).toHaveLength(2);
  });

  it("is not asked again for a while for a key that it does not know", async () => {
    const clock = createClock();
    const { rows, asked, lookup } = database();
    const app = await make({ lookup, now: clock.now, cache: { unknownTtlMs: 500 } }, { way });
    expect(await statusOf(app, call)).toBe(401);
    rows.set(ANN.hash, ANN_RECORD);
    expect(await statusOf(app, call)).toBe(401);
    clock.advance(500);
    expect(await statusOf(app, call)).toBe(200);
    expect(asked).toHaveLength(2);
  });

  it("is asked once for requests that come together", async () => {
    const answer = createDeferred<KeyRecord>();
    let asked = 0;
    const lookup = () => {
      asked += 1;
      return answer.promise;
    };
    const app = await make({ lookup }, { way });
    const calls = Array.from({ length: 20 }, () => statusOf(app, call));
    answer.resolve(ANN_RECORD);
    expect(new Set(await Promise.all(calls))).toEqual(new Set([200]));
    expect(asked).toBe(1);
  });

  it("is never asked for what is no key of ours", async () => {
    const { asked, lookup } = database();
    const app = await make({ lookup }, { way });
    for (const key of [
      "",
      "x",
      `${ANN.key}x`,
      ANN.key.replace("enf", "fne"),
      `enf_${"a".repeat(49)}`,
    ]) {
      await statusOf(app, { "x-api-key": key });
      await statusOf(app, { authorization: `Bearer ${key}` });
    }
    expect(asked).toEqual([]);
  });

  it("may answer at once", async () => {
    expect(await statusOf(await make({ lookup: () => ANN_RECORD }, { way }), call)).toBe(200);
    expect(await statusOf(await make({ lookup: () => undefined }, { way }), call)).toBe(401);
  });

  it.each<[string, NonNullable<ApiKeyOptions["lookup"]>]>([
    ["fails", async () => Promise.reject(new Error("db.internal:5432 is down"))],
    [
      "throws",
      () => {
        throw new Error("db.internal:5432 is down");
      },
    ],
    ["gives what is no record", async () => ({ hash: ANN.hash }) as KeyRecord],
    ["takes too long", () => new Promise(() => {})],
  ])(
    "that %s makes the answer 503, tells nothing of itself, and is asked anew",
    async (_what, broken) => {
      const { lookup } = database(ANN_RECORD);
      let use = broken;
      const app = await make(
        { lookup: (hash, signal) => use(hash, signal), lookupTimeoutMs: 20 },
        { way },
      );
      const response = await app.inject({ url: "/", headers: call });
      expect(response.statusCode).toBe(503);
      expect(response.json().code).toBe("AUTH_UNAVAILABLE");
      expect(response.body).not.toMatch(/internal|lookup/);
      use = lookup;
      expect(await statusOf(app, call)).toBe(200);
    },
  );

  it("hears that nobody waits for it any more", async () => {
    let reason: unknown;
    const lookup = (_hash: string, signal: AbortSignal) =>
      new Promise<null>((resolve) => {
        signal.addEventListener("abort", () => {
          reason = signal.reason;
          resolve(null);
        });
      });
    const app = await make({ lookup, lookupTimeoutMs: 20 }, { way });
    expect(await statusOf(app, call)).toBe(503);
    expect(reason).toMatchObject({ code: "API_KEY_LOOKUP_TIMEOUT" });
  });

  it("that gives the record of another key identifies nobody", async () => {
    const other = generateKey();
    const app = await make({ lookup: async () => ({ ...ANN_RECORD, hash: other.hash }) }, { way });
    expect(await statusOf(app, call)).toBe(401);
  });

  it("comes after the keys that are at hand", async () => {
    const { asked, lookup } = database();
    const app = await make({ keys: [ANN_RECORD], lookup }, { way });
    expect(await statusOf(app, call)).toBe(200);
    expect(asked).toEqual([]);
  });
});

it("keeps no more answers than it may, however many keys are tried", async () => {
  const { asked, lookup } = database(ANN_RECORD);
  const app = await make({ lookup, cache: { maxEntries: 10 } });
  for (let count = 0; count < 30; count++) await statusOf(app, { "x-api-key": generateKey().key });
  await statusOf(app, call);
  await statusOf(app, call);
  expect(asked.filter((hash) => hash === ANN.hash)).toHaveLength(1);
  expect(asked).toHaveLength(31);
});
