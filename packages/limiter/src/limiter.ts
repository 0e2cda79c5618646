import { NOWHERE } from "./algorithms/weighing.ts";
import { byPartition, resolveCharges } from "./charges.ts";
import { DenyCache } from "./deny-cache.ts";
import { Fallback } from "./fallback.ts";
import { Heartbeat } from "./heartbeat.ts";
import { type LimiterOptions, resolveOptions } from "./options.ts";
import { ReplayQueue } from "./replay-queue.ts";
import { HeldReservation, type Reservation } from "./reservation.ts";
import { type Held, isLease, Settler } from "./settler.ts";
import type { DecideMode, Outcome, ResolvedCharge, Store } from "./store.ts";
import { fateOf } from "./store-failure.ts";
import type { Charge, Decision, MaybePromise } from "./types.ts";
import { joinDecisions } from "./verdicts.ts";

/** What a limiter has seen and is holding; for health checks and metrics. */
export interface LimiterState {
  /** Decisions answered by `onStoreError` so far. */
  readonly degraded: number;
  /** Refusals answered by the deny cache so far. */
  readonly deniedLocally: number;
  /** Charges whose connection went away before their answer: they may be counted or not. */
  readonly uncertain: number;
  /** Charges that the store made after all, after its caller had been answered, and that were undone. */
  readonly undone: number;
  /** Settlements and releases that wait for the store … */
  readonly queued: number;
  /** … and those given up, because too many waited or because nobody can tell whether they ran. */
  readonly dropped: number;
  /** Leases that this process keeps alive. */
  readonly leases: number;
  /** What went wrong last. */
  readonly lastError?: unknown;
}

/** Decides, made by {@link createLimiter}. */
export interface Limiter {
  /**
   * Decides and charges, all of it or nothing. Answers without a promise where it can: a memory store,
   * or a key that was refused a moment ago; `await` takes both. Never rejects for want of a store.
   *
   * @throws LIMITER_INVALID_CHARGE
   */
  decide(charges: readonly Charge[]): MaybePromise<Decision>;
  /** Decides without charging. */
  peek(charges: readonly Charge[]): MaybePromise<Decision>;
  /** Decides on estimates, and charges them until they are settled; takes leases until released. */
  reserve(charges: readonly Charge[]): Promise<Reservation>;
  /**
   * Makes the counters of keys as good as new; leases stay with those who hold them.
   *
   * @throws what the store has failed with; then nobody can tell whether it was done
   */
  reset(counters: readonly Pick<Charge, "policy" | "key" | "partition">[]): Promise<void>;
  state(): LimiterState;
  /** Stops renewing leases and replaying settlements, after one last try. */
  close(): Promise<void>;
}

/**
 * Creates a limiter on a store.
 *
 * @throws LIMITER_INVALID_OPTION
 * @example
 * ```ts
 * const limiter = createLimiter({ store: memoryStore() });
 * const perMinute = gcra({ limit: 60, per: "minute", burst: 10 });
 * const { admitted, retryAfterMs } = await limiter.decide([{ policy: perMinute, key: "user:42" }]);
 * ```
 */
export function createLimiter(options: LimiterOptions): Limiter {
  return new StoreLimiter(options);
}

interface Made {
  readonly decision: Decision;
  readonly held: readonly Held[];
}

interface DecideOptions {
  /** What was asked already, of a store that decides everything in one step. */
  readonly begun?: Promise<Outcome> | undefined;
  /** Whether the leases of this decision are still wanted. */
  readonly keepsLeases?: () => boolean;
}

class StoreLimiter implements Limiter {
  readonly #store: Store;
  readonly #fallback: Fallback;
  readonly #denied: DenyCache;
  readonly #queue: ReplayQueue;
  readonly #heartbeat: Heartbeat;
  readonly #settler: Settler;
  #degraded = 0;
  #deniedLocally = 0;
  #uncertain = 0;
  #undone = 0;
  #lastError: unknown;

  constructor(options: LimiterOptions) {
    const { store, liveNodes, denyCacheMs, maxQueued } = resolveOptions(options);
    this.#store = store;
    this.#fallback = new Fallback(liveNodes);
    // Asking a store in memory costs no more than asking a cache.
    this.#denied = new DenyCache(store.partitioned ? denyCacheMs : 0);
    this.#queue = new ReplayQueue(store, maxQueued, () => {
      this.#uncertain += 1;
    });
    const holders = store.partitioned ? [store, this.#fallback.twin] : [store];
    this.#heartbeat = new Heartbeat(holders, (error) => {
      this.#lastError = error;
    });
    this.#settler = new Settler({
      store,
      fallback: this.#fallback,
      queue: this.#queue,
      heartbeat: this.#heartbeat,
      denied: this.#denied,
    });
  }

  decide(charges: readonly Charge[]): MaybePromise<Decision> {
    const resolved = resolveCharges(charges, false);
    const refusal = this.#findRefusal(resolved);
    if (refusal !== undefined) return refusal;
    const begun = this.#begin(resolved, "charge");
    if (begun !== undefined && !(begun instanceof Promise)) return begun.decision;
    return this.#decide(resolved, "charge", { begun }).then(({ decision, held }) => {
      if (!decision.admitted || !decision.degraded) return decision;
      return this.#settler.owe(held).then(() => decision);
    });
  }

  peek(charges: readonly Charge[]): MaybePromise<Decision> {
    const resolved = resolveCharges(charges, true);
    const begun = this.#begin(resolved, "peek");
    if (begun !== undefined && !(begun instanceof Promise)) return begun.decision;
    return this.#decide(resolved, "peek", { begun }).then(({ decision }) => decision);
  }

  async reserve(charges: readonly Charge[]): Promise<Reservation> {
    const resolved = resolveCharges(charges, true);
    const refusal = this.#findRefusal(resolved);
    if (refusal !== undefined) return new HeldReservation(refusal, [], this.#settler);
    let reservation: HeldReservation | undefined;
    const { decision, held } = await this.#decide(resolved, "reserve", {
      keepsLeases: () => reservation === undefined || !reservation.released,
    });
    reservation = new HeldReservation(decision, held, this.#settler);
    return reservation;
  }

  async reset(counters: readonly Pick<Charge, "policy" | "key" | "partition">[]): Promise<void> {
    const charges = resolveCharges(counters, true).filter((charge) => !isLease(charge));
    this.#denied.forget(charges);
    if (charges.length === 0) return;
    if (!this.#store.partitioned) return await this.#store.forget(charges);
    this.#fallback.twin.forget(charges.map((charge) => this.#fallback.twinOf(charge)));
    await Promise.all(byPartition(charges).map((group) => this.#store.forget(group)));
  }

  state(): LimiterState {
    return {
      degraded: this.#degraded,
      deniedLocally: this.#deniedLocally,
      uncertain: this.#uncertain,
      undone: this.#undone,
      queued: this.#queue.length,
      dropped: this.#queue.dropped,
      leases: this.#heartbeat.size,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    };
  }

  async close(): Promise<void> {
    this.#heartbeat.close();
    if (this.#queue.length > 0) await this.#queue.flush();
    this.#queue.close();
  }

  #findRefusal(charges: readonly ResolvedCharge[]): Decision | undefined {
    const refusal = this.#denied.find(charges);
    if (refusal !== undefined) this.#deniedLocally += 1;
    return refusal;
  }

  /** Asks a store that decides everything in one step and in no time: it answers at once, as a rule. */
  #begin(charges: readonly ResolvedCharge[], mode: DecideMode): MaybePromise<Outcome> | undefined {
    const { partitioned, deadlineMs } = this.#store;
    return partitioned || deadlineMs !== undefined ? undefined : this.#store.decide(charges, mode);
  }

  /** Asks partition after partition; a refusal unmakes what the ones before it have charged. */
  async #decide(
    charges: readonly ResolvedCharge[],
    mode: DecideMode,
    { begun, keepsLeases = () => true }: DecideOptions,
  ): Promise<Made> {
    const groups = this.#store.partitioned ? byPartition(charges) : [charges];
    const deadlineAt = performance.now() + (this.#store.deadlineMs ?? Number.POSITIVE_INFINITY);
    const options = { deadlineAt, begun, keepsLeases };
    const decisions: Decision[] = [];
    const held: Held[] = [];
    for (const [index, group] of groups.entries()) {
      // Only a placed charge can be undone exactly. The last partition has nobody to wait for; a lease may come late,
      // and was its holder's before or not.
      const isPlaced = index < groups.length - 1 || group.some(isLease);
      const placed = mode === "charge" && isPlaced ? "reserve" : mode;
      const { decision, sources, positions } = await this.#ask(group, placed, options);
      decisions.push(decision);
      if (decision.admitted) {
        for (let at = 0; at < group.length; at++) {
          const charge = group[at] as ResolvedCharge;
          const position = positions[at] ?? NOWHERE;
          held.push({ charge, position, source: sources?.[at] ?? "store" });
        }
        continue;
      }
      this.#denied.remember(group, decision);
      const made = held.splice(0);
      if (mode !== "peek" && made.length > 0) {
        // Undone before the answer is given; what does not succeed in time is done later.
        await settledBefore(this.#settler.undo(made), deadlineAt);
      }
      break;
    }
    const [first] = decisions;
    const decision =
      groups.length === 1 && first ? first : joinDecisions(charges, groups, decisions);
    if (decision.degraded) this.#degraded += 1;
    return { decision, held };
  }

  async #ask(
    group: readonly ResolvedCharge[],
    mode: DecideMode,
    { deadlineAt, begun, keepsLeases }: Required<DecideOptions> & { deadlineAt: number },
  ): Promise<Outcome & { sources?: readonly Held["source"][] }> {
    try {
      return await (begun ?? this.#store.decide(group, mode, deadlineAt));
    } catch (error) {
      this.#lastError = error;
      const outcome = this.#fallback.decide(group, mode);
      if (mode !== "peek")
        void this.#reconcile(error, group, outcome.decision.admitted, keepsLeases);
      return outcome;
    }
  }

  /** Unmakes what the store did after all, once its caller had been answered without it. */
  async #reconcile(
    error: unknown,
    group: readonly ResolvedCharge[],
    admitted: boolean,
    keepsLeases: () => boolean,
  ): Promise<void> {
    const fate = await fateOf(error);
    if (fate.ran === "no") return;
    if (fate.ran === "unknown") this.#uncertain += 1;
    else if (fate.outcome?.decision.admitted !== true) return;
    else this.#undone += 1;
    const positions = fate.ran === "yes" ? (fate.outcome?.positions ?? []) : [];
    // A lease of work that was admitted without the store is right to be there.
    const stays = admitted && keepsLeases();
    const undone: Held[] = [];
    for (const [index, charge] of group.entries()) {
      const position = positions[index];
      if (isLease(charge) ? !stays : position !== undefined) {
        undone.push({ charge, position: position ?? NOWHERE, source: "store" });
      }
    }
    await this.#settler.undo(undone);
  }
}

async function settledBefore(promise: Promise<unknown>, deadlineAt: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, Math.min(deadlineAt - performance.now(), 2 ** 30)));
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
