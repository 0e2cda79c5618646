import { describe, expect, it, test } from "vitest";
import { CLIENTS, type Client } from "./clients.ts";
import { ANSWER } from "./completions.ts";
import { longConduct } from "./conduct.ts";
import {
  type Arrival,
  BRIEFLY,
  FOR_ELEVEN_MINUTES,
  FOR_EVER,
  type LimitedServer,
  startServer,
} from "./server.ts";
import { skipWaits } from "./waits.ts";

/** What a client was told, in milliseconds, by the header that it obeys. */
function toldMs({ obeys }: Client, { headers }: Arrival): number {
  return Number(headers[obeys]) * (obeys === "retry-after" ? 1_000 : 1);
}

const statuses = async ({ arrivals }: LimitedServer) =>
  (await arrivals()).map(({ status }) => status);

const titled = CLIENTS.map((client) => ({
  client,
  title: client.how === undefined ? client.name : `${client.name} (${client.how})`,
}));

describe.each(titled)("$title, refused", ({ client }) => {
  it("comes back when it may, and has its answer", async () => {
    const server = await startServer(BRIEFLY);
    expect(await client.ask(server.origin, true)).toBe(ANSWER);
    expect(await statuses(server)).toEqual([429, 200]);

    const [refused, admitted] = (await server.arrivals()) as [Arrival, Arrival];
    expect(toldMs(client, refused)).toBeGreaterThan(0);
    expect(admitted.atMs - refused.atMs).toBeGreaterThanOrEqual(toldMs(client, refused));
  });

  it(`${longConduct(client)} where it is told to wait for eleven minutes`, async () => {
    const server = await startServer(FOR_ELEVEN_MINUTES);
    const waits = skipWaits(client.longWaits.map((seconds) => seconds * 1_000));
    await expect(client.ask(server.origin, true)).rejects.toThrow();
    expect(waits.map((ms) => ms / 1_000)).toEqual(client.longWaits);
    expect(await statuses(server)).toEqual([429, ...client.longWaits.map(() => 429)]);
  });

  it("gives up at once where the cost never fits", async () => {
    const server = await startServer(FOR_EVER);
    await expect(client.ask(server.origin, true)).rejects.toThrow();
    expect(await statuses(server)).toEqual([413]);
  });
});

const unwilling = titled.filter(({ client }) => client.setting !== undefined);
test.each(unwilling)("$title tries no POST again unless it is told to", async ({ client }) => {
  const server = await startServer(BRIEFLY);
  await expect(client.ask(server.origin, false)).rejects.toThrow();
  expect(await statuses(server)).toEqual([429]);
});
