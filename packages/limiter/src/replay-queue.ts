import { byPartition } from "./charges.ts";
import type { Adjustment, Lease, Store } from "./store.ts";
import { fateOf } from "./store-failure.ts";
import type { MaybePromise } from "./types.ts";

/** Something that the store has to hear although it could not be told. */
export type Correction =
  | { readonly kind: "adjust"; readonly partition: string; readonly adjustment: Adjustment }
  | { readonly kind: "release"; readonly partition: string; readonly lease: Lease };

const RETRY_EVERY_MS = 250;
/** One script call must not keep the server from its other clients. */
const BATCH = 64;

/**
 * Tells the store later what it could not be told: settlements and releases made in an outage.
 *
 * Bounded: when it is full the oldest refund or release goes first, because a lost refund or lease
 * costs a caller something for a while, and a lost debt costs the owner.
 *
 * A call whose connection went away before its answer may have run or not. Refunds are then dropped
 * and debts repeated, so that nobody is ever credited twice; releases are repeated, which is harmless.
 */
export class ReplayQueue {
  readonly #store: Store;
  readonly #limit: number;
  readonly #onUnknown: () => void;
  #waiting: Correction[] = [];
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #closed = false;
  #sending = 0;
  dropped = 0;

  constructor(store: Store, limit: number, onUnknown: () => void) {
    this.#store = store;
    this.#limit = limit;
    this.#onUnknown = onUnknown;
  }

  /** How many the store has not taken yet. */
  get length(): number {
    return this.#waiting.length + this.#sending;
  }

  /** Tells the store now; what it does not take waits for a better time. */
  async tell(corrections: readonly Correction[]): Promise<void> {
    if (this.#waiting.length > 0) {
      // In order: a renewal of what waits must not overtake it.
      this.#push(corrections);
      return;
    }
    await Promise.all(byPartition(corrections).map((group) => this.#send(group)));
  }

  /** Waits until what is waiting has been tried once more. */
  async flush(): Promise<void> {
    this.#flushing ??= this.#flushOnce().finally(() => {
      this.#flushing = undefined;
    });
    await this.#flushing;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #flushOnce(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    const groups = byPartition(waiting);
    for (const [index, group] of groups.entries()) {
      const taken = await this.#send(group);
      if (taken) continue;
      // The others would fail as well, or wait for their deadline one after the other.
      this.#push(groups.slice(index + 1).flat());
      return;
    }
  }

  async #send(group: readonly Correction[]): Promise<boolean> {
    for (let from = 0; from < group.length; from += BATCH) {
      const batch = group.slice(from, from + BATCH);
      if (await this.#sendBatch(batch)) continue;
      this.#push(group.slice(from + BATCH));
      return false;
    }
    return true;
  }

  async #sendBatch(batch: readonly Correction[]): Promise<boolean> {
    this.#sending += batch.length;
    try {
      return await this.#trySend(batch);
    } finally {
      this.#sending -= batch.length;
    }
  }

  async #trySend(batch: readonly Correction[]): Promise<boolean> {
    const adjustments = batch.flatMap((one) => (one.kind === "adjust" ? [one.adjustment] : []));
    const leases = batch.flatMap((one) => (one.kind === "release" ? [one.lease] : []));
    const results = await Promise.allSettled([
      adjustments.length > 0 ? attempt(() => this.#store.adjust(adjustments)) : undefined,
      leases.length > 0 ? attempt(() => this.#store.release(leases)) : undefined,
    ]);
    let taken = true;
    for (const [index, result] of results.entries()) {
      if (result.status === "fulfilled") continue;
      taken = false;
      const kind = index === 0 ? "adjust" : "release";
      void this.keep(
        batch.filter((one) => one.kind === kind),
        result.reason,
      );
    }
    return taken;
  }

  /** Keeps of what a call has failed with what has certainly not run, and what does no harm when it runs twice. */
  async keep(corrections: readonly Correction[], error: unknown): Promise<void> {
    const { ran } = await fateOf(error);
    if (ran === "yes") return;
    if (ran === "no") return this.#push(corrections);
    this.#onUnknown();
    const harmless = corrections.filter(
      (one) => one.kind === "release" || one.adjustment.delta > 0,
    );
    this.dropped += corrections.length - harmless.length;
    this.#push(harmless);
  }

  #push(corrections: readonly Correction[]): void {
    if (corrections.length === 0) return;
    // One by one: a call takes no more than some 100,000 arguments.
    for (const correction of corrections) this.#waiting.push(correction);
    while (this.#waiting.length > this.#limit) {
      const index = this.#waiting.findIndex(
        (one) => one.kind === "release" || one.adjustment.delta < 0,
      );
      this.#waiting.splice(Math.max(0, index), 1);
      this.dropped += 1;
    }
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, RETRY_EVERY_MS);
    this.#timer.unref();
  }
}

/** A store may also fail at once. */
async function attempt(call: () => MaybePromise<void>): Promise<void> {
  await call();
}
