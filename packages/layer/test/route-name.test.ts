import { expect, it } from "vitest";
import { routeName } from "../src/index.ts";

it("a route is named by its methods and its pattern", () => {
  expect(routeName({ method: "GET", url: "/runs/:id" })).toBe("GET /runs/:id");
  expect(routeName({ method: ["GET", "HEAD"], url: "/runs/:id" })).toBe("GET,HEAD /runs/:id");
});
