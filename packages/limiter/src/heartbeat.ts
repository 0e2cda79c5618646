import { byPartition } from "./charges.ts";
import type { Lease, Store } from "./store.ts";

/**
 * Renews the leases that this process holds, all of a partition in one call, every third of their
 * life: one call may fail, and the next still comes in time.
 */
export class Heartbeat {
  readonly #stores: readonly Store[];
  readonly #onFailure: (error: unknown) => void;
  readonly #beats = new Map<number, { timer: NodeJS.Timeout; leases: Set<Lease> }>();

  constructor(stores: readonly Store[], onFailure: (error: unknown) => void) {
    this.#stores = stores;
    this.#onFailure = onFailure;
  }

  get size(): number {
    let size = 0;
    for (const { leases } of this.#beats.values()) size += leases.size;
    return size;
  }

  add(lease: Lease): void {
    const { ttlMs } = lease.policy;
    const beat = this.#beats.get(ttlMs);
    if (beat !== undefined) {
      beat.leases.add(lease);
      return;
    }
    const leases = new Set([lease]);
    const timer = setInterval(() => this.#renew(leases), Math.max(1, Math.floor(ttlMs / 3)));
    timer.unref();
    this.#beats.set(ttlMs, { timer, leases });
  }

  delete(lease: Lease): void {
    const { ttlMs } = lease.policy;
    const beat = this.#beats.get(ttlMs);
    if (!beat?.leases.delete(lease) || beat.leases.size > 0) return;
    clearInterval(beat.timer);
    this.#beats.delete(ttlMs);
  }

  close(): void {
    for (const { timer } of this.#beats.values()) clearInterval(timer);
    this.#beats.clear();
  }

  #renew(leases: ReadonlySet<Lease>): void {
    for (const group of byPartition([...leases])) {
      for (const store of this.#stores) void this.#renewIn(store, group);
    }
  }

  async #renewIn(store: Store, leases: readonly Lease[]): Promise<void> {
    try {
      await store.renew(leases);
    } catch (error) {
      this.#onFailure(error);
    }
  }
}
