import { once } from "node:events";
import { createSigner } from "@enfilade/jwt";
import { createLogLines, type LogLines, listen } from "@enfilade/testing";
import { expect, test } from "vitest";
import { createEchoAgent } from "../src/agents/echo.ts";
import type { Dependencies } from "../src/app.ts";
import type { Store } from "../src/store/store.ts";
import { kindsOf } from "./responses/kinds.ts";
import { columns, observe } from "./responses/observe.ts";
import { pageOf } from "./responses/table.ts";
import { scriptedAgent, temporaryStore, testApp } from "./support.ts";

const page = new URL("../../../docs/coverage.md", import.meta.url);
const key = "0123456789abcdef0123456789abcdef";
const secret = "a secret that is longer than thirty-two bytes";
const token = createSigner({ key: secret })({ sub: "ann", scope: "agents:read" });
const environment = {
  CORS_ORIGINS: "https://ui.example",
  OS_SECURITY_KEY: key,
  JWT_VERIFICATION_KEY: secret,
};

/** Starts the demo with agents and a store that fail, and routes that do what none of the demo's does. */
async function start(
  dependencies: Partial<Dependencies> = {},
  limits: Readonly<Record<string, string>> = {},
): Promise<{ origin: string; log: LogLines }> {
  const log = createLogLines();
  const failing = scriptedAgent(async function* () {
    yield { type: "content", text: "so far" };
    throw new Error("a secret of the inside");
  });
  const endless = scriptedAgent(async function* (_input, signal) {
    yield { type: "content", text: "x" };
    await once(signal, "abort");
  });
  const store: Store = {
    ...temporaryStore(),
    usage: { daily: () => Promise.reject(new Error("a secret of the inside")) },
  };
  const agents = [
    createEchoAgent({ wordDelayMs: 0 }),
    { ...failing, id: "failing" },
    { ...endless, id: "endless" },
  ];
  const app = await testApp(
    { agents, store, logStream: log.stream, ...dependencies },
    { ...environment, ...limits },
  );
  const config = { access: "authenticated" } as const;
  app.get("/slow", { config, handlerTimeout: 20 }, () => new Promise(() => {}));
  app.get("/hijacked", { config }, async (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "content-type": "text/event-stream" });
    reply.raw.end("event: hello\ndata: {}\n\n");
  });
  return { origin: await listen(app), log };
}

test("every kind of response has what docs/coverage.md says, and whatever it lacks is explained there", async () => {
  const servers = {
    usual: await start(),
    impatient: await start({ requestTimeoutMs: 300 }),
    // The third request is the last one, the second run is one too many.
    strict: await start({}, { RATE_LIMIT_PER_MINUTE: "3", MAX_CONCURRENT_RUNS: "1" }),
  };
  const seen = [];
  for (const kind of kindsOf({ key, token })) {
    const { origin, log } = servers[kind.server ?? "usual"];
    seen.push({ kind, seen: await observe(kind, origin, log) });
  }
  const missing = seen.flatMap(({ kind, seen }) =>
    columns
      .filter((column) => (seen[column] === undefined) !== (kind.without?.[column] !== undefined))
      .map((column) => `${kind.name}: ${column}`),
  );
  expect(missing).toEqual([]);
  await servers.impatient.log.find(({ outcome }) => outcome === "errored");
  await expect(pageOf(seen)).toMatchFileSnapshot(page.pathname);
});
