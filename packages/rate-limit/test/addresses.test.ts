import { WAYS } from "@enfilade/line-testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limitedApp, statuses, times } from "./apps.ts";

/** Sends requests that differ in what the client can choose, and gives how many were let in. */
async function admittedOf(
  requests: readonly { remoteAddress?: string; forwarded?: string }[],
  trustProxy: string | string[] | ((address: string, hop: number) => boolean) = "192.0.2.1",
): Promise<number> {
  const { app } = await limitedApp({ max: 1 }, { trustProxy });
  const all = await statuses(
    app,
    requests.map(({ remoteAddress = "127.0.0.1", forwarded }) => ({
      url: "/",
      remoteAddress,
      headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
    })),
  );
  await app.close();
  return all.filter((status) => status === 200).length;
}

const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
const network = fc
  .array(group, { minLength: 3, maxLength: 3 })
  .map((groups) => `2001:${groups.join(":")}`);
const host = fc.array(group, { minLength: 4, maxLength: 4 }).map((groups) => groups.join(":"));

describe.each(WAYS)("%s, the address of a client", (way) => {
  it("is its connection's: what X-Forwarded-For says counts for nothing", async () => {
    const { app } = await limitedApp({ max: 1 }, { way });
    const forged = (address: string) => ({ url: "/", headers: { "x-forwarded-for": address } });
    expect(await statuses(app, [forged("203.0.113.1"), forged("203.0.113.2"), "/"])).toEqual([
      200, 429, 429,
    ]);
  });

  it("behind a trusted proxy is the one that the proxy names", async () => {
    const { app } = await limitedApp({ max: 1 }, { way, trustProxy: "127.0.0.1" });
    const of = (address: string) => ({ url: "/", headers: { "x-forwarded-for": address } });
    expect(await statuses(app, [of("203.0.113.1"), of("203.0.113.2")])).toEqual([200, 200]);
    expect(await statuses(app, [of("203.0.113.1"), of("203.0.113.2")])).toEqual([429, 429]);
  });

  it("may be counted by wider networks of IPv6, or by single addresses", async () => {
    const from = (remoteAddress: string) => ({ url: "/", remoteAddress });
    const pair = [from("2001:db8:1:100::1"), from("2001:db8:1:1ff::1")];
    expect(await statuses((await limitedApp({ max: 1 }, { way })).app, pair)).toEqual([200, 200]);
    const wide = await limitedApp({ max: 1, ipv6Subnet: 56 }, { way });
    expect(await statuses(wide.app, pair)).toEqual([200, 429]);
    const single = await limitedApp({ max: 1, ipv6Subnet: 128 }, { way });
    const neighbours = [from("2001:db8::1"), from("2001:db8::2"), from("2001:db8::1")];
    expect(await statuses(single.app, neighbours)).toEqual([200, 200, 429]);
  });

  it("is one for all whose address is none", async () => {
    const { app } = await limitedApp({ max: 1 }, { way });
    const from = (remoteAddress: string) => ({ url: "/", remoteAddress });
    expect(await statuses(app, [from("nonsense"), from("other nonsense")])).toEqual([200, 429]);
  });
});

describe("a client gets one bucket", () => {
  it("whatever it writes in front of what its proxy writes (case 31)", async () => {
    const written = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom(..."0123456789abcdef.:, unknow_[]"), maxLength: 40 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(written, { minLength: 2, maxLength: 5 }),
        fc.constantFrom((_: string, hop: number) => hop < 1, "127.0.0.1", [
          "loopback",
          "10.0.0.0/8",
        ]),
        async (forgeries, trustProxy) => {
          const requests = forgeries.map((text) => ({ forwarded: `${text}, 203.0.113.9` }));
          expect(await admittedOf(requests, trustProxy)).toBe(1);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("whether its IPv4 address is mapped into IPv6 or not (case 32)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.ipV4(), async (address) => {
        const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
        const hex = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
        const spellings = [
          address,
          `::ffff:${address}`,
          `::FFFF:${hex}`,
          `0:0:0:0:0:ffff:${address}`,
        ];
        expect(await admittedOf(spellings.map((remoteAddress) => ({ remoteAddress })))).toBe(1);
        const behind = spellings.map((forwarded) => ({ forwarded }));
        expect(await admittedOf(behind, "loopback")).toBe(1);
      }),
      { numRuns: 10 },
    );
  });

  it("wherever in its /64 it goes, and two networks get two (case 33)", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(network, { minLength: 2, maxLength: 2 }),
        fc.array(host, { minLength: 2, maxLength: 6 }),
        async ([one = "", other = ""], hosts) => {
          const rotated = hosts.map((part) => ({ remoteAddress: `${one}:${part}` }));
          expect(await admittedOf(rotated)).toBe(1);
          const both = [...rotated, { remoteAddress: `${other}:${hosts[0]}` }];
          expect(await admittedOf(both)).toBe(2);
        },
      ),
      { numRuns: 10 },
    );
  });

  it("whatever port a proxy writes behind its address", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(65_535), { minLength: 2, maxLength: 5 }), async (ports) => {
        const v4 = ports.map((port) => ({ forwarded: `203.0.113.9:${port}` }));
        expect(await admittedOf(v4, "loopback")).toBe(1);
        const v6 = ports.map((port) => ({ forwarded: `[2001:db8::9]:${port}` }));
        expect(await admittedOf(v6, "loopback")).toBe(1);
      }),
      { numRuns: 10 },
    );
  });

  it("however it spells a path: the route that matches decides (case 38)", async () => {
    const { app } = await limitedApp(
      { max: 3, exempt: ["/health"] },
      { routerOptions: { ignoreDuplicateSlashes: true, ignoreTrailingSlash: true } },
    );
    app.get("/health", async () => "healthy");
    app.get("/login", { config: { rateLimit: { max: 2 } } }, async () => "ok");

    const spellings = ["/login", "//login", "/login/", "/%6Cogin", "/login?a=/health", "/login#"];
    const all = await statuses(app, spellings);
    expect(all.filter((status) => status === 200)).toHaveLength(2);
    // What is no route, and looks like one that is exempt, counts.
    const lookalikes = ["/health;x", "/health%2F", "/HEALTH", "/health/x", "/x/health"];
    expect(await statuses(app, lookalikes)).toEqual([404, 404, 404, 429, 429]);
    expect(await statuses(app, times(3, "//health/"))).toEqual([200, 200, 200]);
  });
});
