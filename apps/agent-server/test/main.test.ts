import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { createRecorder, type Recorder, startRedis } from "@enfilade/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { lastOf, parseEvents, postForm, temporaryFolder } from "./support.ts";

interface Server {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly output: Recorder<string>;
  readonly errors: Recorder<string>;
}

/** Starts the server in a process of its own, from source. */
function start(env: Readonly<Record<string, string>>): Server {
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    ["--conditions=@enfilade/source", "--import", import.meta.resolve("tsx"), main],
    { env: { PATH: process.env.PATH ?? "", ...env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const [output, errors] = [createRecorder<string>(), createRecorder<string>()];
  child.stdout.setEncoding("utf8").on("data", (text: string) => output.record(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => errors.record(text));
  return { child, output, errors };
}

/** Gives what a server has printed once it is ready: to start from source takes as long as the machine needs. */
async function untilReady({ child, output, errors }: Server): Promise<string> {
  for (;;) {
    const text = output.items.join("");
    if (text.includes("Ctrl-C")) return text;
    if (child.exitCode !== null) throw new Error(`It has ended: ${errors.items.join("")}`);
    await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  }
}

vi.setConfig({ testTimeout: 60_000 });

test("a started server says where it is and what to try, and nothing else", async () => {
  const server = start({ PORT: "0", DATA_DIR: temporaryFolder() });
  const { child, errors } = server;
  const banner = await untilReady(server);
  const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(banner)?.[0];
  expect(banner).toContain(
    `curl -N -F message='How do I rate limit by API key?' ${origin}/agents/docs/runs`,
  );
  expect(banner).not.toContain('{"level"');
  expect(errors.items).toEqual([]);

  const response = await postForm(`${origin}/agents/echo/runs`, { message: "word ".repeat(5_000) });
  expect(response.status).toBe(200);
  child.kill("SIGTERM");
  const [exitCode] = await once(child, "exit");
  expect(exitCode).toBe(0);
  const { events } = parseEvents(await response.text());
  expect(lastOf(events)).toMatchObject({ event: "RunCancelled" });
});

test("a signal that arrives twice, as from npm and from the terminal, stops the server no less kindly", async () => {
  const server = start({ PORT: "0", DATA_DIR: temporaryFolder() });
  const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(await untilReady(server))?.[0];
  const response = await postForm(`${origin}/agents/echo/runs`, { message: "word ".repeat(5_000) });
  server.child.kill("SIGTERM");
  server.child.kill("SIGINT");
  const [exitCode] = await once(server.child, "exit");
  expect(exitCode).toBe(0);
  expect(lastOf(parseEvents(await response.text()).events)).toMatchObject({
    event: "RunCancelled",
  });
});

test("a server that is configured wrongly says all that is wrong and does not start", async () => {
  const { child, output, errors } = start({ PORT: "x", HOST: "0.0.0.0", DATA_DIR: "/nowhere" });
  const [exitCode] = await once(child, "close");
  expect(exitCode).toBe(1);
  expect(output.items).toEqual([]);
  const text = errors.items.join("");
  expect(text).toMatch(/^The environment has 2 problems:\n {2}- PORT .*\n {2}- HOST .*\n$/);
});

test("a file of keys that are none is told in one line", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "keys.json");
  writeFileSync(file, '{"keys":[{"id":"ci","hash":"not a hash"}]}');
  const { child, output, errors } = start({ PORT: "0", DATA_DIR: folder, API_KEYS_FILE: file });
  const [exitCode] = await once(child, "close");
  expect(exitCode).toBe(1);
  expect(output.items).toEqual([]);
  const text = errors.items.join("");
  expect(text).toMatch(/file\.keys\[0\]\.hash/);
  expect(text.trimEnd()).not.toContain("\n");
});

test("a server that a layer refuses to start ends, also where it has a Redis already", async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const { child, errors } = start({
    PORT: "0",
    DATA_DIR: temporaryFolder(),
    REDIS_URL: redis.url,
    ALLOWED_HOSTS: "a..example",
  });
  const [exitCode] = await once(child, "close");
  expect(exitCode).toBe(1);
  expect(errors.items.join("")).toContain("@enfilade/trusted-host");
});

test("a port that is taken is told, with what to do", async () => {
  const first = start({ PORT: "0", DATA_DIR: temporaryFolder() });
  const port = /127\.0\.0\.1:(\d+)/.exec(await untilReady(first))?.[1] ?? "";
  const second = start({ PORT: port, DATA_DIR: temporaryFolder() });
  const [exitCode] = await once(second.child, "close");
  expect(exitCode).toBe(1);
  expect(second.errors.items.join("")).toBe(
    `listen EADDRINUSE: address already in use 127.0.0.1:${port}\n` +
      "Somebody else listens there. Choose another port: PORT=7778 npm run demo\n",
  );
});

test("a second start on the same data is told to go elsewhere, and ends no run of the first", async () => {
  const folder = temporaryFolder();
  const first = start({ PORT: "0", DATA_DIR: folder });
  const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(await untilReady(first))?.[0];
  const message = { message: "word ".repeat(5_000), session_id: "mine" };
  const running = await postForm(`${origin}/agents/echo/runs`, message);
  const second = start({ PORT: "0", DATA_DIR: folder });
  const [exitCode] = await once(second.child, "close");
  expect(exitCode).toBe(1);
  expect(second.errors.items.join("")).toBe(
    `Another server keeps its data in ${folder}. Stop that one, or choose another folder and another port: ` +
      "DATA_DIR=$(mktemp -d) PORT=7778 npm run demo\n",
  );

  // However a process ends, its folder is free.
  first.child.kill("SIGKILL");
  await once(first.child, "exit");
  await expect(running.text()).rejects.toThrow();
  const third = start({ PORT: "0", DATA_DIR: folder });
  const again = /http:\/\/127\.0\.0\.1:\d+/.exec(await untilReady(third))?.[0];
  const runs = await fetch(`${again}/sessions/mine/runs`);
  expect(await runs.json()).toMatchObject([{ status: "ERROR" }]);
});

test("a host that has no address is told in one line", async () => {
  const env = { HOST: "nowhere.invalid", OS_SECURITY_KEY: "0123456789abcdef0123456789abcdef" };
  const { child, errors } = start({ PORT: "0", DATA_DIR: temporaryFolder(), ...env });
  const [exitCode] = await once(child, "close");
  expect(exitCode).toBe(1);
  expect(errors.items.join("")).toMatch(/^getaddrinfo \w+ nowhere\.invalid\n$/);
});
