import type { DriverEvents, RedisDriver } from "../../src/index.ts";

/** A server in this process whose clock the test sets, and which keeps silent when it is told to. */
export interface FakeServer {
  readonly driver: RedisDriver;
  /** How far its clock is ahead of this process', in milliseconds. */
  offsetMs: number;
  /** Scripts that have run, and scripts that came too late. */
  readonly ran: number;
  readonly voided: number;
  /** Keeps what it is sent, and looks at it only on `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Breaks the connection; it is another server that is reached next. */
  replace(): void;
}

class FakeReply extends Error {}

export function fakeServer(): FakeServer {
  const known = new Set<string>();
  let waiting: (() => void)[] | undefined;
  let events: DriverEvents | undefined;
  const nowUs = () => Math.floor((performance.now() + server.offsetMs) * 1_000) + 10 ** 15;

  function execute(args: readonly string[]): unknown {
    const [command, script = ""] = args;
    if (command === "TIME") return [String(Math.floor(nowUs() / 1e6)), String(nowUs() % 1e6)];
    if (command === "EVALSHA" && known.size === 0) throw new FakeReply("NOSCRIPT No such script");
    known.add(script);
    if (nowUs() > Number(args.at(-1))) {
      server.voided += 1;
      return [-nowUs()];
    }
    server.ran += 1;
    return [nowUs(), server.ran];
  }
  const answer = (args: readonly string[]) =>
    new Promise<unknown>((resolve, reject) => {
      const run = () => {
        try {
          resolve(execute(args));
        } catch (error) {
          reject(error);
        }
      };
      if (waiting === undefined) setImmediate(run);
      else waiting.push(run);
    });

  const driver: RedisDriver = {
    name: "fake",
    start(given) {
      events = given;
      events.ready("fake");
    },
    nodeOf: () => "fake",
    nodes: () => ["fake"],
    isReady: () => true,
    send: (_node, args) => answer(args),
    time: () => answer(["TIME"]),
    reconnect() {},
    classify: (error) => (error instanceof FakeReply ? "reply" : "lost"),
    async close() {},
  };
  const server = {
    driver,
    offsetMs: 0,
    ran: 0,
    voided: 0,
    freeze() {
      waiting = [];
    },
    thaw() {
      const late = waiting ?? [];
      waiting = undefined;
      for (const run of late) run();
    },
    replace() {
      known.clear();
      events?.lost("fake", "replaced");
      events?.ready("fake");
    },
  };
  return server;
}
