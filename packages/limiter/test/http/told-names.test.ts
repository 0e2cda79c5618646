import { expect, it } from "vitest";
import { claimNames } from "../../src/http/index.ts";

const limits = { name: "rate-limit" };
const quota = { name: "quota" };

it("a name is told by one registration on a route, as often as that says so", () => {
  const route = {};
  expect(claimNames(route, limits, ["address", "hour"])).toBeUndefined();
  expect(claimNames(route, limits, ["hour"])).toBeUndefined();
  expect(claimNames(route, quota, ["tokens"])).toBeUndefined();
  expect(claimNames(route, quota, ["runs", "hour"])).toEqual({ name: "hour", teller: limits });
});

it("registrations of one name are two", () => {
  const route = {};
  claimNames(route, limits, ["address"]);
  expect(claimNames(route, { ...limits }, ["address"])).toEqual({
    name: "address",
    teller: limits,
  });
});

it("routes have nothing to do with each other", () => {
  expect(claimNames({}, limits, ["address"])).toBeUndefined();
  expect(claimNames({}, quota, ["address"])).toBeUndefined();
});
