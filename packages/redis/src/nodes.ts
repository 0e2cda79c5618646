import { RedisUnavailable } from "./errors.ts";
import { NodeGuard } from "./node-guard.ts";
import type { Settings } from "./settings.ts";
import type { RedisNodeState } from "./state.ts";

/** The nodes behind a driver, each with its guard: told when one is away and when it is back. */
export class Nodes {
  readonly #settings: Settings;
  readonly #guards = new Map<string, NodeGuard>();
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(settings: Settings) {
    this.#settings = settings;
    settings.driver.start({
      ready: (node) => {
        settings.onEvent({ node, kind: "ready" });
        this.guardOf(node).onReady();
        this.#tellWaiting();
      },
      lost: (node, cause) => {
        settings.onEvent({ node, kind: "lost", cause });
        this.guardOf(node).onLost();
      },
      failed: (node, cause) => settings.onEvent({ node, kind: "failed", cause }),
    });
  }

  guardOf(node: string): NodeGuard {
    let guard = this.#guards.get(node);
    if (guard === undefined) {
      guard = new NodeGuard(node, this.#settings);
      this.#guards.set(node, guard);
    }
    return guard;
  }

  /** Resolves once every known node takes commands. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (this.#closed) reject(new RedisUnavailable("any node", "it is closed"));
        else if (this.#areReady()) resolve();
        else return;
        this.#waiting.delete(check);
      };
      this.#waiting.add(check);
      check();
    });
  }

  states(): RedisNodeState[] {
    return this.#settings.driver.nodes().map((node) => {
      const { breaker, ready } = this.guardOf(node);
      return { node, ready, breaker: breaker.state, failures: breaker.failures };
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const guard of this.#guards.values()) guard.close();
    this.#tellWaiting();
    await this.#settings.driver.close();
  }

  #areReady(): boolean {
    const { driver } = this.#settings;
    const nodes = driver.nodes();
    return nodes.length > 0 && nodes.every((node) => driver.isReady(node));
  }

  #tellWaiting(): void {
    for (const check of [...this.#waiting]) check();
  }
}
