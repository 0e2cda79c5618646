export { type Clock, createClock } from "./clock.ts";
export { createDeferred, type Deferred } from "./deferred.ts";
export { type Exchange, type ExchangeRequest, openExchange } from "./exchange.ts";
export { type Listening, listen } from "./listen.ts";
export { createLogLines, type LogLine, type LogLines } from "./log-lines.ts";
export { type Program, requireProgram } from "./programs.ts";
export { createRecorder, type Recorder } from "./recorder.ts";
export { type RedisServer, startRedis } from "./redis.ts";
export type { ResponseHead } from "./response-parser.ts";
