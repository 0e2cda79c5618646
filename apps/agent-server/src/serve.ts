import { buildApp } from "./app.ts";
import { banner } from "./banner.ts";
import { type Config, ConfigError, loadConfig } from "./config.ts";
import { createParts } from "./dependencies.ts";
import { DataFolderError } from "./store/sqlite/data-folder.ts";

/** How long a stop may take before the process ends anyway. */
const stopDeadlineMs = 10_000;
/** One Ctrl-C or `kill` reaches the process several times, where npm and pnpm hand on what they got themselves. */
const sameSignalMs = 1_000;
const portAdvice = "\nSomebody else listens there. Choose another port: PORT=7778 npm run demo";

try {
  await start(loadConfig(process.env));
} catch (error) {
  // What is wrong with the environment, or with a file that it names, needs no stack.
  const known =
    error instanceof ConfigError ||
    error instanceof DataFolderError ||
    isListenError(error) ||
    isOptionError(error);
  const text = known ? error.message : String((error as Error).stack ?? error);
  const advice = isListenError(error) && error.code === "EADDRINUSE" ? portAdvice : "";
  process.stderr.write(`${text}${advice}\n`);
  process.exitCode = 1;
}

async function start(config: Config): Promise<void> {
  const parts = await createParts(config);
  const app = await buildApp(config, parts);
  // What closes last are the parts: runs that are stopped still store how they ended.
  const stop = async (): Promise<void> => {
    await app.close();
    await parts.close();
  };
  stopOnSignals(stop);

  // The banner says where the server listens; Fastify's own line would say it again, as JSON.
  app.log.level = "warn";
  try {
    await app.listen({ port: config.port, host: config.host });
  } catch (error) {
    await stop();
    throw error;
  }
  const { agents, index } = parts;
  const text = banner({
    url: addressOf(app.server.address(), config.host),
    agents,
    passages: index.size,
    config,
    color: process.stdout.isTTY === true && !process.env.NO_COLOR,
  });
  process.stdout.write(`${text}\n`);
  app.log.level = config.logLevel;
}

function stopOnSignals(stop: () => Promise<unknown>): void {
  let stoppingSince: number | undefined;
  const onSignal = (): void => {
    if (stoppingSince !== undefined) {
      // A second signal means: now.
      if (performance.now() - stoppingSince > sameSignalMs) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    setTimeout(() => process.exit(1), stopDeadlineMs).unref();
    stop().catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exitCode = 1;
    });
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}

/** The port is the system's choice when it was configured as 0. */
function addressOf(
  address: ReturnType<import("node:net").Server["address"]>,
  host: string,
): string {
  const port = typeof address === "object" && address ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function isListenError(error: unknown): error is NodeJS.ErrnoException {
  const syscalls: readonly unknown[] = ["listen", "getaddrinfo"];
  return error instanceof Error && "syscall" in error && syscalls.includes(error.syscall);
}

/** What a layer says of its options, such as a file of keys that is not what it should be. */
function isOptionError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /_INVALID_OPTION$/.test(String(error.code));
}
