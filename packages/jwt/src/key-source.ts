import type { Algorithm } from "./algorithms.ts";
import type { VerificationKey } from "./key.ts";

/** Where keys come from. */
export interface KeySource {
  /** Grows whenever the keys change: what was verified before counts no more. */
  readonly epoch: number;
  /** Whether what was verified with its keys may still be believed. */
  isUsable(): boolean;
  /** Gives the keys that may have signed a token. */
  find(kid: string | undefined, algorithm: Algorithm): Found | Promise<Found>;
}

type Found = readonly VerificationKey[];

/** More keys than this are not tried for one token that does not say which it is. */
const MAX_TRIED = 8;

/** Chooses the keys of a kid; keys without one fit every token, and a token without one fits every key. */
export function chooseKeys(
  keys: readonly VerificationKey[],
  kid: string | undefined,
  algorithm: Algorithm,
): Found {
  const fitting = keys.filter((key) => key.algorithm === algorithm);
  if (kid === undefined) return fitting.slice(0, MAX_TRIED);
  const exact = fitting.filter((key) => key.kid === kid);
  return exact.length > 0
    ? exact
    : fitting.filter((key) => key.kid === undefined).slice(0, MAX_TRIED);
}

/** Makes a source of keys that do not change by themselves. */
export function staticKeys(keys: readonly VerificationKey[]): KeySource {
  return {
    epoch: 0,
    isUsable: () => true,
    find: (kid, algorithm) => chooseKeys(keys, kid, algorithm),
  };
}

/** Joins two sources: the first one's keys are tried first, and serve alone where the other cannot. */
export function joinSources(first: KeySource, second: KeySource): KeySource {
  return {
    get epoch() {
      return first.epoch + second.epoch;
    },
    isUsable: () => first.isUsable() && second.isUsable(),
    find(kid, algorithm) {
      const own = first.find(kid, algorithm) as Found;
      if (own.some((key) => key.kid !== undefined)) return own;
      const others = second.find(kid, algorithm);
      if (!(others instanceof Promise)) return own.concat(others);
      return others.then(
        (found) => [...own, ...found],
        (error: unknown) => {
          if (own.length > 0) return own;
          throw error;
        },
      );
    },
  };
}
