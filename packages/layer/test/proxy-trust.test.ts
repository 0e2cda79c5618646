import Fastify, { type FastifyServerOptions } from "fastify";
import { describe, expect, it } from "vitest";
import { proxyTrustOf, serverOptionsOf } from "../src/index.ts";

const create = (trustProxy: unknown) => Fastify({ trustProxy } as FastifyServerOptions);

describe("proxyTrustOf says that", () => {
  it.each<[string, unknown]>([
    ["nothing is said", undefined],
    ["nobody is to be trusted", false],
    ["a number of proxies is, of which Fastify sees no address", 1],
  ])("nobody is believed where %s", (_, trustProxy) => {
    expect(proxyTrustOf(create(trustProxy))).toEqual({ whom: "nobody" });
  });

  it.each<[string, unknown]>([
    ["a proxy is named", "10.0.0.1"],
    ["private networks are", ["loopback", "linklocal", "uniquelocal"]],
    ["the widest private ones are", "10.0.0.0/8, fc00::/7"],
    ["a network is, by its mask", "10.0.0.0/255.0.0.0"],
    ["a function knows its proxies", (address: string) => address.startsWith("10.")],
    [
      "a function fails for all others",
      () => {
        throw new Error("no proxy of ours");
      },
    ],
  ])("some are believed where %s", (_, trustProxy) => {
    expect(proxyTrustOf(create(trustProxy))).toEqual({ whom: "some" });
  });

  it.each<[string, unknown, string]>([
    ["everybody is to be", true, "trustProxy is true"],
    ["all of IPv4 is, in two halves", "0.0.0.0/1, 128.0.0.0/1", "has 0.0.0.0/1, wider"],
    ["half of IPv6 is", ["127.0.0.1", "::/1"], "has ::/1, wider"],
    ["a half is, by its mask", "0.0.0.0/128.0.0.0", "has 0.0.0.0/128.0.0.0, wider"],
    ["a network is wider than one's own can be", ["10.0.0.0/7"], "has 10.0.0.0/7, wider"],
    ["a function trusts everybody", () => true, "a function that trusts 192.0.2.1"],
    [
      "a function trusts whoever connects",
      (_address: string, hop: number) => hop < 1,
      "a function that trusts 192.0.2.1",
    ],
    [
      "a function trusts strangers of IPv6",
      (address: string) => address.includes(":"),
      "a function that trusts 2001:db8::1",
    ],
  ])("anybody is believed where %s", (_, trustProxy, why) => {
    const trust = proxyTrustOf(create(trustProxy));
    expect(trust).toEqual({ whom: "anybody", why: expect.stringContaining(why) });
  });

  it("it is what Fastify itself goes by", async () => {
    for (const trustProxy of [undefined, false, 1, "10.0.0.1", "loopback", true]) {
      const app = create(trustProxy);
      app.get("/", async ({ ip }) => ip);
      const headers = { "x-forwarded-for": "192.0.2.1" };
      const told = await app.inject({ url: "/", remoteAddress: "203.0.113.1", headers });
      const believesAnybody = proxyTrustOf(app).whom === "anybody";
      expect(told.body).toBe(believesAnybody ? "192.0.2.1" : "203.0.113.1");
    }
  });
});

it("serverOptionsOf finds the options from every scope", async () => {
  const app = create("loopback");
  app.register(async (child) => {
    child.register(async (grandchild) => {
      expect(serverOptionsOf(grandchild)?.trustProxy).toBe("loopback");
    });
  });
  await app.ready();
  expect.assertions(1);
});
