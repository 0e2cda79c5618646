import type { Outcome } from "./store.ts";

/**
 * What became of a call that its caller has given up: it ran in time and the answer came late, it
 * never ran and never will, or nobody can tell because the connection went away.
 */
export type Fate =
  | { readonly ran: "yes"; readonly outcome?: Outcome }
  | { readonly ran: "no" }
  | { readonly ran: "unknown" };

/** What a store rejects with when it cannot answer in time. */
export class StoreFailure extends Error {
  /** Resolves when it is known; never rejects. */
  readonly fate: Promise<Fate>;

  constructor(cause: unknown, fate: Promise<Fate>) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = "StoreFailure";
    this.fate = fate;
  }
}

/** Whatever else a store rejects with did not come from the other side: nothing has run. */
export function fateOf(error: unknown): Promise<Fate> {
  return error instanceof StoreFailure ? error.fate : Promise.resolve({ ran: "no" });
}
