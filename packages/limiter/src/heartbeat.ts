import { byPartition } from "./charges.ts";
import type { Lease, Store } from "./store.ts";

/** One script call must not keep the server from its other clients. */
const BATCH = 256;
/** Timers take no more, and would go off at once. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Renews the leases that this process holds, those of a partition in one call, every third of their
 * life: one call may fail, and the next still comes in time.
 */
export class Heartbeat {
  readonly #stores: readonly Store[];
  readonly #onFailure: (error: unknown) => void;
  readonly #beats = new Map<number, { timer: NodeJS.Timeout; leases: Set<Lease> }>();
  readonly #onLost = new Map<Lease, (lease: Lease) => void>();

  constructor(stores: readonly Store[], onFailure: (error: unknown) => void) {
    this.#stores = stores;
    this.#onFailure = onFailure;
  }

  get size(): number {
    let size = 0;
    for (const { leases } of this.#beats.values()) size += leases.size;
    return size;
  }

  /** @param onLost - told when the lease has gone and somebody else is in its place */
  add(lease: Lease, onLost: (lease: Lease) => void): void {
    const { ttlMs } = lease.policy;
    this.#onLost.set(lease, onLost);
    const beat = this.#beats.get(ttlMs);
    if (beat !== undefined) {
      beat.leases.add(lease);
      return;
    }
    const leases = new Set([lease]);
    const everyMs = Math.min(LONGEST_MS, Math.max(1, Math.floor(ttlMs / 3)));
    const timer = setInterval(() => this.#renew(leases), everyMs);
    timer.unref();
    this.#beats.set(ttlMs, { timer, leases });
  }

  delete(lease: Lease): void {
    const { ttlMs } = lease.policy;
    this.#onLost.delete(lease);
    const beat = this.#beats.get(ttlMs);
    if (!beat?.leases.delete(lease) || beat.leases.size > 0) return;
    clearInterval(beat.timer);
    this.#beats.delete(ttlMs);
  }

  close(): void {
    for (const { timer } of this.#beats.values()) clearInterval(timer);
    this.#beats.clear();
    this.#onLost.clear();
  }

  #renew(leases: ReadonlySet<Lease>): void {
    for (const group of byPartition([...leases])) {
      for (let from = 0; from < group.length; from += BATCH) {
        const batch = group.slice(from, from + BATCH);
        for (const store of this.#stores) void this.#renewIn(store, batch);
      }
    }
  }

  async #renewIn(store: Store, leases: readonly Lease[]): Promise<void> {
    try {
      const lost = await store.renew(leases);
      // The local twin only knows what runs here: nobody there can take a place from somebody else.
      if (store === this.#stores[0]) for (const lease of lost) this.#lose(lease);
    } catch (error) {
      this.#onFailure(error);
    }
  }

  /** A listener that fails keeps nobody else from hearing. */
  #lose(lease: Lease): void {
    try {
      this.#onLost.get(lease)?.(lease);
    } catch (error) {
      this.#onFailure(error);
    }
  }
}
