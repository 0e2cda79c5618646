/** A version: numbers with dots between, and what makes it a pre-release. */
export interface Version {
  readonly numbers: readonly number[];
  /** The parts of `beta.2` in `1.4.0-beta.2`; none for a release. */
  readonly pre: readonly (string | number)[];
}

/**
 * Semantic versions, and those that have one number, two or four (`537.36`), a `v` in front, or no hyphen before
 * their pre-release (`1.2.3rc1`). What follows a plus says which build it was, and counts for nothing.
 */
const VERSION =
  /^v?(\d{1,15}(?:\.\d{1,15})*)(?:[.-]?([a-z][a-z0-9.-]*)|-([a-z0-9.-]+))?(?:\+.*)?$/i;

/** Reads a version; `undefined` for what is none. */
export function parseVersion(text: string): Version | undefined {
  const [, numbers, letters, other] = VERSION.exec(text) ?? [];
  if (numbers === undefined) return undefined;
  const pre = letters ?? other;
  return {
    numbers: numbers.split(".").map(Number),
    pre: pre === undefined ? [] : pre.toLowerCase().split(/[.-]/).map(readPart),
  };
}

function readPart(part: string): string | number {
  return /^\d{1,15}$/.test(part) ? Number(part) : part;
}

/**
 * Compares a version with a bound: negative, zero or positive as it comes before, at or after it. A bound stands for
 * all versions that begin as it does: `2.4.7` is at `2.4`. A pre-release comes before its release: `2.4.0-beta`
 * before `2.4`.
 */
export function compareToBound(version: Version, bound: Version): number {
  for (const [index, number] of bound.numbers.entries()) {
    const difference = (version.numbers[index] ?? 0) - number;
    if (difference !== 0) return difference;
  }
  const isExact = version.numbers.slice(bound.numbers.length).every((number) => number === 0);
  if (bound.pre.length === 0) return isExact && version.pre.length > 0 ? -1 : 0;
  // A bound that is a pre-release is one version, and does not stand for many.
  if (!isExact || version.pre.length === 0) return 1;
  return comparePre(version.pre, bound.pre);
}

/** Semantic Versioning 2.0.0, section 11.4. */
function comparePre(one: Version["pre"], other: Version["pre"]): number {
  for (const [index, part] of one.entries()) {
    const counterpart = other[index];
    if (counterpart === undefined) return 1;
    if (part === counterpart) continue;
    if (typeof part !== typeof counterpart) return typeof part === "number" ? -1 : 1;
    return part < counterpart ? -1 : 1;
  }
  return one.length - other.length;
}

/** Tells whether a version is in a range. */
export type VersionRange = (version: Version) => boolean;

const ACCEPTS: Readonly<Record<string, (difference: number) => boolean>> = {
  "<": (difference) => difference < 0,
  "<=": (difference) => difference <= 0,
  ">": (difference) => difference > 0,
  ">=": (difference) => difference >= 0,
  "=": (difference) => difference === 0,
};

const COMPARATOR = /^(<=?|>=?|=)?(.+)$/;

/**
 * Reads a range as npm writes it: comparators that must all hold, and `||` between alternatives. `^`, `~`, `x` and
 * hyphens are not read: they are short for comparators, and only npm knows for which. `undefined` for what is none.
 */
export function parseVersionRange(text: string): VersionRange | undefined {
  const alternatives: VersionRange[][] = [];
  for (const alternative of text.split("||")) {
    // An operator may stand apart from its version.
    const words = alternative
      .replaceAll(/([<>=])\s+/g, "$1")
      .split(/\s+/)
      .filter(Boolean);
    const comparators = words.map(parseComparator);
    if (comparators.length === 0 || !comparators.every((it) => it !== undefined)) return undefined;
    alternatives.push(comparators);
  }
  return (version) => alternatives.some((all) => all.every((accepts) => accepts(version)));
}

function parseComparator(text: string): VersionRange | undefined {
  const [, operator = "=", version = ""] = COMPARATOR.exec(text) ?? [];
  const accepts = ACCEPTS[operator];
  const bound = parseVersion(version);
  // `1.x` would be taken for a pre-release of 1.
  if (accepts === undefined || bound === undefined || bound.pre[0] === "x") return undefined;
  return (candidate) => accepts(compareToBound(candidate, bound));
}
