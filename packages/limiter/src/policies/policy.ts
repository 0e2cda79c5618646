import { refuseOption } from "../invalid-option.ts";
import type { BudgetPolicy } from "./budget.ts";
import type { ConcurrencyPolicy } from "./concurrency.ts";
import type { GcraPolicy } from "./gcra.ts";
import type { StrictWindowPolicy } from "./strict-window.ts";

/** What to do for a policy while its store cannot answer. */
export type OnStoreError = "local" | "open" | "closed";

/** Options that every policy takes. */
export interface PolicyOptions {
  /**
   * Names the counter, in the store's keys, in verdicts and in headers. A name is for a policy, not
   * for a caller: it is never made of user input.
   * @defaultValue the kind of policy
   */
  readonly name?: string;
  /**
   * `local` counts in this process, at the limit divided by the live nodes; `open` admits uncounted;
   * `closed` refuses.
   *
   * **Security:** `open` lifts the limit for everybody as long as the store is away.
   * @defaultValue `"local"`; `"closed"` for budgets
   */
  readonly onStoreError?: OnStoreError;
}

/** What every policy has. */
export interface PolicyBase {
  readonly name: string;
  /** Identifies the counter's shape: policies of one name but of different windows never share state. */
  readonly id: string;
  /** The most that fits at once. */
  readonly capacity: number;
  readonly onStoreError: OnStoreError;
}

/** Any policy. */
export type Policy = GcraPolicy | StrictWindowPolicy | BudgetPolicy | ConcurrencyPolicy;

/** How a policy counts. */
export type PolicyKind = Policy["kind"];

/** Sums of costs stay exact in a double, in JavaScript as in Lua. */
export const LARGEST_LIMIT: number = 2 ** 51;

export const POLICY_OPTIONS = ["name", "onStoreError"] as const;

/** Reads the options that every policy takes. */
export function readBase(
  what: string,
  options: PolicyOptions,
  defaultOnStoreError: OnStoreError,
): { name: string; onStoreError: OnStoreError } {
  const { name = what, onStoreError = defaultOnStoreError } = options;
  if (typeof name !== "string" || !/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(name)) {
    return refuseOption(
      what,
      "name",
      name,
      "Give up to 64 letters, digits, dots, dashes and underscores, a letter first.",
    );
  }
  if (onStoreError !== "local" && onStoreError !== "open" && onStoreError !== "closed") {
    return refuseOption(what, "onStoreError", onStoreError, 'Use "local", "open" or "closed".');
  }
  return { name, onStoreError };
}
