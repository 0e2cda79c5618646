import { Writable } from "node:stream";
import { createRecorder, type Recorder } from "./recorder.ts";

/** One parsed line of a pino log. */
export interface LogLine {
  readonly level: number;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

/** A pino destination that keeps every line. */
export interface LogLines extends Recorder<LogLine> {
  /** Goes into `Fastify({ logger: { stream } })`. */
  readonly stream: Writable;
}

/**
 * Creates {@link LogLines}.
 *
 * @example
 * const log = createLogLines();
 * const app = Fastify({ logger: { level: "info", stream: log.stream } });
 * const line = await log.find((line) => line.msg === "request completed");
 */
export function createLogLines(): LogLines {
  const recorder = createRecorder<LogLine>();
  let rest = "";
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") recorder.record(JSON.parse(line) as LogLine);
      done();
    },
  });
  return { ...recorder, stream };
}
