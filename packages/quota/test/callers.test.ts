import { WAYS } from "@enfilade/line-testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CallerPart, counterOf } from "../src/caller.ts";
import type { Caller, QuotaPolicyOptions } from "../src/index.ts";
import { quotaApp } from "./support/apps.ts";

const ann = { id: "key-1", userId: "ann", claims: { org_id: "acme" }, sessionId: "s1" };

/** Sends requests of callers one after the other, and gives the statuses. */
async function statusesOf(
  by: QuotaPolicyOptions["by"],
  callers: readonly object[],
  { limit = 1, trustProxy = false }: { limit?: number; trustProxy?: boolean } = {},
): Promise<number[]> {
  const { app } = await quotaApp(
    "in line",
    { policies: { requests: { counts: "requests", limit, per: "hour", ...(by && { by }) } } },
    { trustProxy },
  );
  const config = { quota: true, public: true } as const;
  app.get("/public", { config }, () => "done");
  app.get("/", { config: { quota: true } }, () => "done");
  const statuses: number[] = [];
  for (const caller of callers) {
    const { headers = {}, ...principal } = caller as { headers?: object };
    const known = Object.keys(principal).length > 0;
    const response = await app.inject({
      url: known ? "/" : "/public",
      headers: { ...headers, ...(known && { "x-caller": JSON.stringify(principal) }) },
    });
    statuses.push(response.statusCode);
  }
  return statuses;
}

describe("callers are counted", () => {
  test("by principal unless told otherwise: each key has its own", async () => {
    expect(await statusesOf(undefined, [ann, ann, { ...ann, id: "key-2" }])).toEqual([
      200, 429, 200,
    ]);
  });

  test("by principal, of which the same id of another kind is another one", async () => {
    expect(await statusesOf("principal", [ann, { ...ann, kind: "other" }])).toEqual([200, 200]);
  });

  test("by user: whatever key, and whatever way of authenticating", async () => {
    const other = { ...ann, id: "key-2", kind: "other" };
    expect(await statusesOf("user", [ann, other, { ...ann, userId: "bob" }])).toEqual([
      200, 429, 200,
    ]);
  });

  test("by organisation: all its users together", async () => {
    const bob = { ...ann, id: "key-2", userId: "bob" };
    const elsewhere = { ...bob, claims: { org_id: "initech" } };
    expect(await statusesOf("org", [ann, bob, elsewhere])).toEqual([200, 429, 200]);
  });

  test("by session, as the credentials say", async () => {
    expect(await statusesOf("session", [ann, ann, { ...ann, sessionId: "s2" }])).toEqual([
      200, 429, 200,
    ]);
  });

  test("by address: whoever they are, IPv6 by its /64, and only what trusted proxies say", async () => {
    const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
    const bob = { ...ann, id: "bob" };
    expect(await statusesOf("address", [ann, bob])).toEqual([200, 429]);
    expect(await statusesOf("address", [from("192.0.2.1"), from("192.0.2.2")])).toEqual([200, 429]);
    const trusting = { trustProxy: true };
    expect(
      await statusesOf(
        "address",
        [
          from("192.0.2.1"),
          from("::ffff:192.0.2.1"),
          from("2001:db8::1"),
          from("2001:db8::ffff:2"),
          from("2001:db8:0:1::1"),
        ],
        trusting,
      ),
    ).toEqual([200, 429, 200, 429, 200]);
  });

  test("by several: each user of each organisation", async () => {
    const elsewhere = { ...ann, claims: { org_id: "initech" } };
    expect(await statusesOf(["org", "user"], [ann, ann, elsewhere])).toEqual([200, 429, 200]);
  });

  test("by a function of yours, which may also say that it does not concern somebody", async () => {
    const team = { headers: { "x-team": "red" } };
    const by: QuotaPolicyOptions["by"] = ({ headers }) => headers["x-team"] as string | undefined;
    const free = { headers: {} };
    expect(
      await statusesOf(by, [team, team, free, free, { headers: { "x-team": "blue" } }]),
    ).toEqual([200, 429, 200, 200, 200]);
  });

  test.each([
    ["an empty string", ""],
    ["nothing at all", null],
    ["a number", 42],
    ["a promise", Promise.resolve("red")],
  ])("never by a function that gives %s: the request fails, and is not free", async (_, key) => {
    expect(await statusesOf(() => key as never, [ann, ann])).toEqual([500, 500]);
  });

  test("by an organisation whose claim is a number", async () => {
    const other = { ...ann, id: "bob", userId: "bob" };
    const of = (caller: object, org_id: number) => ({ ...caller, claims: { org_id } });
    expect(await statusesOf("org", [of(ann, 7), of(other, 7), of(other, 8)])).toEqual([
      200, 429, 200,
    ]);
  });

  test("all together, by server", async () => {
    expect(await statusesOf("server", [ann, { ...ann, id: "bob" }])).toEqual([200, 503]);
  });

  test("somehow, always: who has no organisation is one, who has no principal is an address", async () => {
    const alone = { id: "key-1", userId: "ann" };
    const other = { id: "key-2", userId: "bob" };
    expect(await statusesOf("org", [alone, alone, other])).toEqual([200, 429, 200]);
    expect(await statusesOf("session", [alone, alone, other])).toEqual([200, 429, 200]);
    for (const by of ["principal", "user", "org", "session", "address"] as const) {
      expect(await statusesOf(by, [{}, {}])).toEqual([200, 429]);
    }
  });
});

describe.each(WAYS)("%s, an organisation and its users", (way) => {
  test("are limited together: all of it is charged, or nothing", async () => {
    const { app, used } = await quotaApp(way, {
      policies: {
        each: { counts: "tokens", limit: 600, per: "hour", by: ["org", "user"] },
        all: { counts: "tokens", limit: 1_000, per: "hour", by: "org" },
      },
      estimate: () => ({ tokens: 500 }),
    });
    app.get("/", { config: { quota: true } }, () => "done");
    const statusOf = async (userId: string) => {
      const caller = JSON.stringify({ id: userId, userId, claims: { org_id: "acme" } });
      const response = await app.inject({ url: "/", headers: { "x-caller": caller } });
      return response.statusCode === 200 ? 200 : response.json()["violated-policies"];
    };
    expect(await statusOf("ann")).toEqual(200);
    expect(await statusOf("ann")).toEqual(["each"]);
    expect(await statusOf("bob")).toEqual(200);
    expect(await statusOf("eve")).toEqual(["all"]);
    expect(await used({ org: "acme", user: "eve" })).toEqual({ each: 0, all: 1_000 });
  });
});

describe("the limit of a caller", () => {
  const plans: Readonly<Record<string, number>> = { free: 1, pro: 3, none: 0 };

  test.each(WAYS)("%s may come from a function, sync or async", async (way) => {
    for (const limit of [
      ({ user }: Caller) => plans[user ?? ""] ?? Number.POSITIVE_INFINITY,
      async ({ user }: Caller) => plans[user ?? ""] ?? Number.POSITIVE_INFINITY,
    ]) {
      const { app } = await quotaApp(way, {
        policies: { requests: { counts: "requests", limit, per: "hour", by: "user" } },
      });
      app.get("/", { config: { quota: true } }, () => "done");
      const statusesOf = async (userId: string) => {
        const caller = JSON.stringify({ id: userId, userId });
        const statuses = [];
        for (let i = 0; i < 4; i++) {
          const response = await app.inject({ url: "/", headers: { "x-caller": caller } });
          statuses.push(response.statusCode);
        }
        return statuses;
      };
      expect(await statusesOf("free")).toEqual([200, 429, 429, 429]);
      expect(await statusesOf("pro")).toEqual([200, 200, 200, 429]);
      expect(await statusesOf("none")).toEqual([403, 403, 403, 403]);
      expect(await statusesOf("vip")).toEqual([200, 200, 200, 200]);
    }
  });

  test.each([[Number.NaN], [-1], [1.5], ["100"], [undefined], [null]])(
    "that is %s is an error of the server, and no free run",
    async (value) => {
      const limit = () => value as number;
      const { app } = await quotaApp("alone", {
        policies: { requests: { counts: "requests", limit, per: "hour" } },
      });
      app.get("/", { config: { quota: true } }, () => "done");
      const response = await app.inject({ url: "/", headers: { "x-caller": "ann" } });
      expect([response.statusCode, response.json().code]).toEqual([500, "QUOTA_INVALID_LIMIT"]);
    },
  );

  test("may change: what was used stays used", async () => {
    let limit = 1;
    const { app } = await quotaApp("alone", {
      policies: { requests: { counts: "requests", limit: () => limit, per: "hour" } },
    });
    app.get("/", { config: { quota: true } }, () => "done");
    const ask = async () =>
      (await app.inject({ url: "/", headers: { "x-caller": "ann" } })).statusCode;
    expect([await ask(), await ask()]).toEqual([200, 429]);
    limit = 2;
    expect([await ask(), await ask()]).toEqual([200, 429]);
  });
});

test("no caller can spell the key of another one", () => {
  const value = fc.string({
    unit: fc.constantFrom("a", ":", "/", "%", "2", "F", "é"),
    minLength: 1,
  });
  const caller = fc.record({ org: value, user: value, principal: value, session: value });
  const by: readonly CallerPart[][] = [
    ["user"],
    ["org"],
    ["org", "user"],
    ["principal", "session"],
  ];
  fc.assert(
    fc.property(
      caller,
      caller,
      fc.constantFrom(...by),
      fc.constantFrom(...by),
      (a, b, one, other) => {
        const parts = (from: Caller, words: readonly CallerPart[]) =>
          JSON.stringify(words.map((word) => [word, from[word as keyof Caller]]));
        const same = counterOf(one, a, undefined)?.key === counterOf(other, b, undefined)?.key;
        expect(same).toBe(parts(a, one) === parts(b, other));
      },
    ),
  );
});
