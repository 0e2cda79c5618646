import { cors, EXPOSED_HEADERS } from "@enfilade/cors";
import { createApp, WAYS } from "@enfilade/line-testing";
import { expect, it } from "vitest";
import { rateLimit } from "../src/index.ts";
import { statuses, times } from "./apps.ts";

const PAGE = "https://app.example";

it.each(WAYS)(
  "%s, a page can read that it was refused, and its preflights cost it nothing",
  async (way) => {
    const app = await createApp({ way });
    await app.register(cors, { origin: PAGE });
    await app.register(rateLimit, { max: 1 });
    app.post("/runs", async () => "ok");
    const headers = { origin: PAGE };
    const preflight = {
      method: "OPTIONS",
      url: "/runs",
      headers: { ...headers, "access-control-request-method": "POST" },
    };
    const run = { method: "POST", url: "/runs", headers } as const;

    expect(await statuses(app, [...times(3, preflight), run, run, preflight])).toEqual([
      204, 204, 204, 200, 429, 204,
    ]);
    const refused = await app.inject(run);
    expect(refused.headers["access-control-allow-origin"]).toBe(PAGE);
    const exposed = EXPOSED_HEADERS.map((name) => name.toLowerCase());
    for (const name of ["ratelimit", "ratelimit-policy", "retry-after", "retry-after-ms"]) {
      expect(refused.headers).toHaveProperty(name);
      expect(exposed).toContain(name);
    }
  },
);
