import { NOWHERE, type Position } from "./algorithms/weighing.ts";
import { refuseOption } from "./invalid-option.ts";
import { type MemoryStore, memoryStore } from "./memory/store.ts";
import { buildGcra } from "./policies/gcra.ts";
import type { OnStoreError, Policy } from "./policies/policy.ts";
import type { DecideMode, Outcome, ResolvedCharge } from "./store.ts";
import type { Decision, Verdict } from "./types.ts";

/** How many processes share the limits: the local twin of a policy gets its share of them. */
export type LiveNodes = number | (() => number);

/** When a caller who was refused for want of a store should come again. */
const COME_AGAIN_MS = 1_000;

/** Who answered for each charge while the store could not. */
export interface FallbackOutcome extends Outcome {
  readonly sources: readonly OnStoreError[];
}

/**
 * Answers for the store by each policy's `onStoreError`, all or nothing as always: local policies on
 * a twin in memory, at their share of the limit; open ones uncounted; closed ones not at all.
 */
export class Fallback {
  readonly twin: MemoryStore = memoryStore();
  readonly #liveNodes: () => number;
  readonly #twins = new WeakMap<Policy, { nodes: number; policy: Policy }>();

  constructor(liveNodes: LiveNodes) {
    this.#liveNodes = typeof liveNodes === "function" ? liveNodes : () => liveNodes;
  }

  decide(charges: readonly ResolvedCharge[], mode: DecideMode): FallbackOutcome {
    const sources = charges.map(({ policy }) => policy.onStoreError);
    const closed = sources.includes("closed");
    const local = charges.filter((_, index) => sources[index] === "local");
    const twins = local.map((charge) => this.twinOf(charge));
    const counted =
      twins.length === 0 ? undefined : this.twin.decide(twins, closed ? "peek" : mode);
    const admitted = !closed && (counted?.decision.admitted ?? true);
    const verdicts: Verdict[] = [];
    const positions: Position[] = [];
    let retryAfterMs = 0;
    let next = 0;
    for (const [index, charge] of charges.entries()) {
      const source = sources[index] ?? "closed";
      const verdict =
        source === "local"
          ? localVerdict(charge, counted?.decision.verdicts[next])
          : plainVerdict(charge, source);
      positions.push(source === "local" ? (counted?.positions[next++] ?? NOWHERE) : NOWHERE);
      retryAfterMs = Math.max(retryAfterMs, verdict.retryAfterMs);
      verdicts.push(verdict);
    }
    const atMs = counted?.decision.atMs ?? performance.timeOrigin + performance.now();
    const decision: Decision = { admitted, retryAfterMs, verdicts, atMs, degraded: true };
    return { decision, positions: admitted ? positions : [], sources };
  }

  /** The same charge on this process' share of the policy. */
  twinOf(charge: ResolvedCharge): ResolvedCharge {
    const nodes = this.#nodes();
    const known = this.#twins.get(charge.policy);
    if (known?.nodes === nodes) return { ...charge, policy: known.policy };
    const policy = share(charge.policy, nodes);
    this.#twins.set(charge.policy, { nodes, policy });
    return { ...charge, policy };
  }

  #nodes(): number {
    const nodes = this.#liveNodes();
    if (Number.isInteger(nodes) && nodes >= 1) return nodes;
    return refuseOption("createLimiter", "liveNodes", nodes, "Give a whole number from 1.");
  }
}

/** One node's share of a policy; never less than one unit, or nobody could pass anywhere. */
function share(policy: Policy, nodes: number): Policy {
  const part = (whole: number) => Math.max(1, Math.floor(whole / nodes));
  switch (policy.kind) {
    case "gcra":
      // A longer period instead of a smaller limit: the share of the rate stays exact.
      return buildGcra(policy, policy.limit, policy.periodMs * nodes, part(policy.burst));
    default:
      return { ...policy, limit: part(policy.limit), capacity: part(policy.capacity) };
  }
}

function localVerdict({ policy, key, cost }: ResolvedCharge, twin: Verdict | undefined): Verdict {
  if (twin === undefined) return plainVerdict({ policy, key }, "closed");
  // Too much for this node's share, but not for the policy: it may pass once the store is back.
  const later = twin.retryAfterMs === Number.POSITIVE_INFINITY && cost <= policy.capacity;
  const retryAfterMs = later ? COME_AGAIN_MS : twin.retryAfterMs;
  return { ...twin, limit: policy.capacity, retryAfterMs, source: "local" };
}

function plainVerdict(
  { policy, key }: Pick<ResolvedCharge, "policy" | "key">,
  source: "open" | "closed" | "local",
): Verdict {
  const admitted = source === "open";
  return {
    policy: policy.name,
    key,
    admitted,
    limit: policy.capacity,
    remaining: admitted ? policy.capacity : 0,
    resetMs: 0,
    retryAfterMs: admitted ? 0 : COME_AGAIN_MS,
    source,
  };
}
