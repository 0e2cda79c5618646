import {
  RedisConnectionLost,
  RedisRefused,
  RedisTimeout,
  RedisUnavailable,
  RedisUnreadableReply,
} from "./errors.ts";
import type { Fate } from "./fate.ts";
import { localUs, type NodeGuard } from "./node-guard.ts";
import { Nodes } from "./nodes.ts";
import type { RedisScript } from "./script.ts";
import type { Settings } from "./settings.ts";
import { noCounts, type RedisCounts, type RedisState } from "./state.ts";

/** A guarded connection, made by {@link createRedis}. */
export interface Redis {
  /** How long a command may take. */
  readonly deadlineMs: number;
  /**
   * Runs a script, by its hash; the server is told the source when it does not know it. All keys must
   * live in one slot of a cluster: give them one hash tag.
   *
   * @param deadlineAt - an earlier deadline, on `performance.now()`'s clock
   * @throws RedisUnavailable, RedisTimeout, RedisConnectionLost, RedisRefused, RedisUnreadableReply
   */
  run<Reply>(
    script: RedisScript<Reply>,
    keys: readonly string[],
    args: readonly (string | number)[],
    deadlineAt?: number,
  ): Promise<Reply>;
  /**
   * Sends a plain command. It has the same deadline on this side, and none on the server's: after a
   * timeout it may still run. What counts something belongs into a script.
   *
   * @param key - where it goes in a cluster; without one, anywhere
   */
  command(args: readonly (string | number)[], key?: string): Promise<unknown>;
  /** The server's clock as far as it is known from here, in microseconds. */
  serverUs(key?: string): number | undefined;
  /** Resolves once every known node takes commands; only tests and eager boots wait for it. */
  ready(): Promise<void>;
  state(): RedisState;
  /** Closes what it has opened. A client that was handed in stays open. */
  close(): Promise<void>;
}

/** The guarded connection over any driver. */
export class GuardedRedis implements Redis {
  readonly deadlineMs: number;
  readonly #settings: Settings;
  readonly #nodes: Nodes;
  readonly #counts: RedisCounts = noCounts();
  #inFlight = 0;
  #closed = false;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.deadlineMs = settings.deadlineMs;
    this.#nodes = new Nodes(settings);
  }

  async run<Reply>(
    script: RedisScript<Reply>,
    keys: readonly string[],
    args: readonly (string | number)[],
    deadlineAt: number = Number.POSITIVE_INFINITY,
  ): Promise<Reply> {
    const until = Math.min(deadlineAt, performance.now() + this.deadlineMs);
    const key = keys[0];
    const words = ["EVALSHA", script.sha1, String(keys.length), ...keys];
    for (const arg of args) words.push(typeof arg === "string" ? arg : String(arg));
    const last = words.length;
    // At most twice again: once for a script not known, once for a clock that was set.
    for (let tries = 3; ; tries--) {
      const guard = this.#open(key);
      if (!guard.clock.known) await this.#measure(guard, until);
      const now = localUs();
      // A copy for each try: a client may not have written the one before yet.
      const sent = words.slice();
      sent[last] = String(Math.floor(guard.clock.atLeast(now) + until * 1_000 - now));
      const answer = await this.#send(guard, sent, key, until, (reply) =>
        readAnswer(script, reply, (nowUs) => guard.clock.learn(nowUs, now, localUs())),
      );
      if (answer.ran === "yes") return answer.reply;
      if (answer.ran === "unknown") throw new RedisUnreadableReply(script.name);
      if (answer.unknownScript) {
        this.#counts.scriptLoads += 1;
        words[0] = "EVAL";
        words[1] = script.source;
      }
      if (tries === 1 || performance.now() >= until) throw this.#timeout(guard, { ran: "no" });
    }
  }

  async command(args: readonly (string | number)[], key?: string): Promise<unknown> {
    const until = performance.now() + this.deadlineMs;
    const answer = await this.#send(this.#open(key), args.map(String), key, until, (reply) => ({
      ran: "yes",
      reply,
    }));
    return answer.ran === "yes" ? answer.reply : undefined;
  }

  serverUs(key?: string): number | undefined {
    const node = this.#settings.driver.nodeOf(key);
    const clock = node === undefined ? undefined : this.#nodes.guardOf(node).clock;
    return clock?.known ? clock.estimate(localUs()) : undefined;
  }

  ready(): Promise<void> {
    return this.#nodes.ready();
  }

  state(): RedisState {
    const nodes = this.#nodes.states();
    const ready =
      nodes.length > 0 && nodes.every((node) => node.ready && node.breaker === "closed");
    const counts = { ...this.#counts };
    return { ready, driver: this.#settings.driver.name, nodes, inFlight: this.#inFlight, counts };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#nodes.close();
  }

  /** The guard of the node to ask, unless there is a reason not to. */
  #open(key: string | undefined): NodeGuard {
    const node = this.#settings.driver.nodeOf(key);
    if (this.#closed) throw this.#unavailable(node, "it is closed");
    if (node === undefined) throw this.#unavailable(node, "no node is known yet");
    const guard = this.#nodes.guardOf(node);
    if (!guard.ready) throw this.#unavailable(node, "it is not connected");
    if (guard.breaker.state !== "closed") throw this.#unavailable(node, "its breaker is open");
    if (this.#inFlight >= this.#settings.maxInFlight) {
      throw this.#unavailable(node, `${this.#inFlight} commands wait for an answer`);
    }
    return guard;
  }

  #unavailable(node: string | undefined, why: string): RedisUnavailable {
    this.#counts.notSent += 1;
    return new RedisUnavailable(node ?? this.#settings.driver.name, why);
  }

  #timeout(guard: NodeGuard, fate: Fate<unknown> | Promise<Fate<unknown>>): RedisTimeout {
    return new RedisTimeout(guard.node, String(this.deadlineMs), Promise.resolve(fate));
  }

  async #measure(guard: NodeGuard, until: number): Promise<void> {
    try {
      await guard.measure();
    } catch {
      throw this.#timeout(guard, { ran: "no" });
    }
    if (performance.now() >= until) throw this.#timeout(guard, { ran: "no" });
  }

  /**
   * Sends a command, and answers within the deadline. An answer that comes later still tells, in the
   * error's `fate`, what has become of it.
   */
  #send<Reply>(
    guard: NodeGuard,
    args: readonly string[],
    key: string | undefined,
    until: number,
    read: (reply: unknown) => Answer<Reply>,
  ): Promise<Answer<Reply>> {
    const { driver } = this.#settings;
    const counts = this.#counts;
    counts.sent += 1;
    this.#inFlight += 1;
    return new Promise((resolve, reject) => {
      let tell: ((fate: Fate<unknown>) => void) | undefined;
      let answered = false;
      const giveUp = () => {
        if (answered) return;
        counts.timedOut += 1;
        guard.breaker.fail();
        const fate = new Promise<Fate<unknown>>((settle) => {
          tell = settle;
        });
        reject(this.#timeout(guard, fate));
      };
      const timer = setTimeout(
        // Where this process has stood still, answers lie unread: they are read first, and then judged.
        () => setImmediate(giveUp),
        // Timers may be up to a millisecond early: nothing must run after the answer to its caller.
        Math.max(0, Math.ceil(until - performance.now()) + 1),
      );
      const settle = (answer: Answer<Reply>) => {
        if (answer.ran === "no" && !answer.unknownScript) counts.voided += 1;
        if (tell === undefined) {
          guard.breaker.succeed();
          resolve(answer);
          return;
        }
        if (answer.ran === "yes") counts.lateRan += 1;
        tell(answer.ran === "no" ? { ran: "no" } : answer);
        guard.onLateAnswer();
      };
      driver.send(guard.node, args, key).then(
        (reply) => {
          answered = true;
          this.#inFlight -= 1;
          clearTimeout(timer);
          settle(read(reply));
        },
        (error: unknown) => {
          answered = true;
          this.#inFlight -= 1;
          clearTimeout(timer);
          if (driver.classify(error) === "reply" && isUnknownScript(error)) {
            settle({ ran: "no", unknownScript: true });
          } else {
            const failure = this.#failure(guard, error);
            if (tell === undefined) reject(failure);
            else void failure.fate.then(tell);
          }
        },
      );
    });
  }

  #failure(
    guard: NodeGuard,
    error: unknown,
  ): RedisRefused | RedisUnavailable | RedisConnectionLost {
    const message = error instanceof Error ? error.message : String(error);
    switch (this.#settings.driver.classify(error)) {
      case "reply": {
        this.#counts.refused += 1;
        guard.breaker.succeed();
        const refused = new RedisRefused(guard.node, message);
        if (refused.reply === "READONLY") guard.onReadonly(refused);
        return refused;
      }
      case "unsent":
        return this.#unavailable(guard.node, message);
      case "lost":
        this.#counts.lost += 1;
        guard.breaker.fail();
        return new RedisConnectionLost(guard.node, message);
    }
  }
}

type Answer<Reply> =
  | { readonly ran: "yes"; readonly reply: Reply }
  | { readonly ran: "no"; readonly unknownScript: boolean }
  | { readonly ran: "unknown" };

function readAnswer<Reply>(
  script: RedisScript<Reply>,
  reply: unknown,
  learn: (nowUs: number) => void,
): Answer<Reply> {
  if (!Array.isArray(reply) || typeof reply[0] !== "number") return { ran: "unknown" };
  const [nowUs, ...values] = reply as [number, ...unknown[]];
  learn(Math.abs(nowUs));
  if (nowUs < 0) return { ran: "no", unknownScript: false };
  try {
    return { ran: "yes", reply: script.read(values[0], nowUs, values) };
  } catch {
    return { ran: "unknown" };
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}
