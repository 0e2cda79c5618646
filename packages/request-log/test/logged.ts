import { type AppOptions, createApp } from "@enfilade/line-testing";
import { createLogLines, type LogLine, type LogLines } from "@enfilade/testing";
import { type FastifyInstance, LogController } from "fastify";
import { type RequestLogOptions, requestLog } from "../src/index.ts";

/** An app with a request log, and what it has logged. */
export interface Logged {
  readonly app: FastifyInstance;
  readonly log: LogLines;
  /** Gives the line about an address, once it is there. */
  lineOf(url: string): Promise<LogLine>;
  /**
   * Gives all lines so far. A last request goes first, so that a line which comes late or twice is seen.
   */
  allLines(): Promise<LogLine[]>;
}

/** Creates an app that logs nothing but one line for each exchange. */
export async function createLogged(
  options: RequestLogOptions = {},
  appOptions: AppOptions = {},
): Promise<Logged> {
  const log = createLogLines();
  const app = await createApp({
    logger: { level: "trace", stream: log.stream },
    logController: new LogController({ disableRequestLogging: true }),
    ...appOptions,
  });
  await app.register(requestLog, options);
  app.get("/last", async () => "");
  return {
    app,
    log,
    lineOf: (url) => log.find((line) => line.url === url && isExchange(line)),
    async allLines() {
      await app.inject("/last");
      await log.find(({ url }) => url === "/last");
      return log.items.filter((line) => isExchange(line) && line.url !== "/last");
    },
  };
}

function isExchange({ msg }: LogLine): boolean {
  return msg?.startsWith("exchange ") === true;
}
