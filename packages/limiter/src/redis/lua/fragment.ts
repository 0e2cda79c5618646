import type { DecideMode } from "../../store.ts";

/** Where one charge of a script finds its key and its arguments, and how its locals are numbered. */
export interface Place {
  /** The charge's number in the script, from 1. */
  readonly number: number;
  /** What the script does with what it weighs. */
  readonly mode: DecideMode;
  /** The Lua expression of its key. */
  readonly key: string;
  /** The Lua expression of its nth argument, from 0. */
  argument(index: number): string;
}

/**
 * The Lua of one kind of policy. Scripts are assembled for the kinds they decide, charge by charge and
 * without loops: most of what a general script would cost is finding out what to do. A function that it
 * defines is made anew at every call, and so what most calls need is written out where it is needed.
 */
export interface Fragment {
  /** Local functions that every charge of this kind shares. */
  readonly shared?: string;
  /** How many arguments a charge has: its cost, and what its kind needs. */
  readonly width: number;
  /**
   * Reads and weighs: sets `ok`, `left` (without the charge), `taken` (by it), `retry`, `reset`
   * (without it), `later` (with it), `value` for {@link write}, and where it is placed its position
   * `a b c`, each followed by the charge's number.
   */
  weigh(place: Place): string;
  /** Writes what was weighed. */
  write(place: Place): string;
}

/** Writes a value that is of no more use once everything is available again. */
export function setLua({ number: i, key }: Place): string {
  return `if value${i} then call('SET', ${key}, value${i}, 'PX', floor(later${i} / 1000) + 1) end`;
}

/**
 * The Lua condition under which what was read cannot be a moment in microseconds since the epoch: the
 * text of another program is unpacked to small numbers, as a rule.
 */
export function notAMomentLua(name: string): string {
  return `type(${name}) ~= 'number' or ${name} < 1e12`;
}
