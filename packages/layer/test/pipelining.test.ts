import { createDeferred, listen, openExchange } from "@enfilade/testing";
import { expect, it } from "vitest";
import { createApp, outcomesOf, watchEndings } from "./support.ts";

const next = (path: string) => `GET ${path} HTTP/1.1\r\nhost: local\r\n\r\n`;

it("settles each of several requests that a client sends before it has the first response", async () => {
  const app = createApp();
  const endings = await watchEndings(app);
  const released = createDeferred();
  const last = createDeferred();
  app.get("/slow", async () => {
    await released.promise;
    return "slow";
  });
  app.get("/quick", async () => "quick");
  app.get("/last", async () => {
    last.resolve();
    return "last";
  });
  const exchange = await openExchange(await listen(app), { path: "/slow" });
  exchange.write(next("/quick") + next("/last"));
  await last.promise;
  expect(endings.items).toEqual([]);
  released.resolve();
  expect(await outcomesOf(app, endings, 3)).toEqual(Array(3).fill("completed"));
  expect(endings.items.map(({ url }) => url)).toEqual(["/slow", "/quick", "/last"]);
});

it("settles those that wait for their turn when the client goes away", async () => {
  const app = createApp();
  const endings = await watchEndings(app);
  const requests = 20;
  const arrived = createDeferred();
  let count = 0;
  app.get("/:id", async () => {
    count += 1;
    if (count === requests) arrived.resolve();
    await new Promise(() => {});
  });
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  process.on("warning", warn);
  const exchange = await openExchange(await listen(app), { path: "/1" });
  exchange.write(Array.from({ length: requests - 1 }, (_, at) => next(`/${at + 2}`)).join(""));
  await arrived.promise;
  exchange.destroy();
  expect(await outcomesOf(app, endings, requests)).toEqual(Array(requests).fill("aborted"));
  process.off("warning", warn);
  // Such as one about too many listeners on the connection.
  expect(warnings).toEqual([]);
});

it("settles one that was answered behind another, and never sent", async () => {
  const app = createApp();
  const endings = await watchEndings(app);
  const answered = createDeferred();
  app.get("/never", () => new Promise(() => {}));
  app.get("/answered", (_request, reply) => {
    reply.send("answered");
    answered.resolve();
  });
  const exchange = await openExchange(await listen(app), { path: "/never" });
  exchange.write(next("/answered"));
  await answered.promise;
  exchange.destroy();
  expect(await outcomesOf(app, endings, 2)).toEqual(["aborted", "aborted"]);
});
