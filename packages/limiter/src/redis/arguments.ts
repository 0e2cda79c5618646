import type { Position } from "../algorithms/weighing.ts";
import { calendarSpan } from "../calendar.ts";
import type { Policy } from "../policies/policy.ts";
import type { Adjustment, ResolvedCharge } from "../store.ts";
import { type Form, LETTERS } from "./lua/decide.ts";

/** Which of the scripts' forms decides a policy. */
export function formOf(policy: Policy): Form {
  return policy.kind === "gcra" && policy.scale === 1 ? "whole-gcra" : policy.kind;
}

/** What of a policy the scripts are told; the same words at every call. */
const cached = new WeakMap<Policy, readonly string[]>();

/** Adds the arguments of one charge: its cost, then what its kind needs. */
export function pushChargeArguments(
  args: (string | number)[],
  { policy, cost, lease }: ResolvedCharge,
  nowUs: () => number,
): void {
  args.push(cost, ...fixed(policy));
  if (policy.kind === "concurrency") args.push(lease);
  if (policy.kind === "budget") args.push(...spanOf(policy, nowUs()));
}

/** The arguments of one correction: kind and delta, the position, then what its kind needs. */
export function adjustArguments({ charge, delta, position }: Adjustment, nowUs: number): string[] {
  const { policy } = charge;
  const [first, second, third] = position;
  const head = [LETTERS[policy.kind], String(delta), String(first)];
  switch (policy.kind) {
    case "gcra":
      return [
        ...[...head, String(second), String(third)],
        ...[policy.stepWhole, policy.stepRest, policy.scale].map(String),
      ];
    case "strict-window":
      return [...head, ...fixed(policy).slice(1)];
    case "budget":
      return [...head, ...spanOf(policy, nowUs)];
    case "concurrency":
      return head;
  }
}

/** Where a charge lies that was made without asking for its position: exactly, or a little earlier. */
export function likelyPosition({ policy, cost }: ResolvedCharge, nowUs: number): Position {
  switch (policy.kind) {
    case "gcra": {
      const { stepWhole, stepRest, scale } = policy;
      return [nowUs + cost * stepWhole + Math.floor((cost * stepRest) / scale), 0, 0];
    }
    case "strict-window":
      return [Math.floor(nowUs / policy.bucketUs), 0, 0];
    case "budget":
      return [calendarSpan(policy, nowUs).start, 0, 0];
    case "concurrency":
      return [0, 0, 0];
  }
}

function fixed(policy: Policy): readonly string[] {
  let words = cached.get(policy);
  if (words === undefined) {
    words = numbersOf(policy).map(String);
    cached.set(policy, words);
  }
  return words;
}

function numbersOf(policy: Policy): number[] {
  switch (policy.kind) {
    case "gcra": {
      const { stepWhole, stepRest, scale, toleranceWhole, toleranceRest } = policy;
      const whole = [stepWhole, toleranceWhole];
      return scale === 1 ? whole : [...whole, stepRest, scale, toleranceRest];
    }
    case "strict-window":
      return [policy.limit, policy.bucketUs, policy.buckets];
    case "budget":
      return [policy.limit];
    case "concurrency":
      return [policy.limit, policy.ttlMs];
  }
}

function spanOf(policy: Extract<Policy, { kind: "budget" }>, nowUs: number): string[] {
  const { start, end, next } = calendarSpan(policy, nowUs);
  return [String(start), String(end), String(next)];
}
