import type { UserAgentPattern } from "./types.ts";
import type { Product } from "./user-agent.ts";
import { parseVersion, parseVersionRange, type VersionRange } from "./versions.ts";

/** Which products a pattern is about. */
export interface ProductPattern {
  readonly name: string;
  /** Whether more may follow the name. */
  readonly open: boolean;
  /** What the version must begin with. */
  readonly prefix: string | undefined;
  readonly range: { readonly text: string; readonly has: VersionRange } | undefined;
}

const TOKEN = "[!#$%&'+.^_`|~0-9a-z-]+";
const NAME = new RegExp(`^${TOKEN}\\*?$`, "i");
const TEXT = new RegExp(`^(${TOKEN}\\*?)(?:/(${TOKEN}))?$`, "i");

const TEXT_FIX =
  'Write "LegacyApp", "LegacyApp/1." for versions that begin so, or "Legacy*" for names that do.';
const RANGE_FIX =
  'Write a range such as "<2.4", ">=1.2 <2 || =3.0"; there is no ^, ~, x, and no hyphen in it.';

/** Reads a pattern; refuses one that could never match. */
export function parsePattern(
  given: UserAgentPattern,
  refuse: (fix: string) => never,
): ProductPattern {
  if (typeof given === "string") {
    const [, name = refuse(TEXT_FIX), prefix] = TEXT.exec(given) ?? [];
    return {
      ...readName(name),
      prefix: prefix?.toLowerCase().replace(/\.$/, ""),
      range: undefined,
    };
  }
  const { product, version, ...unknown } = Object(given) as Record<string, unknown>;
  if (Object.keys(unknown).length > 0) refuse("Of an object, give product and version.");
  if (typeof product !== "string" || !NAME.test(product)) return refuse(TEXT_FIX);
  const has = typeof version === "string" ? parseVersionRange(version) : undefined;
  if (typeof version !== "string" || has === undefined) return refuse(RANGE_FIX);
  const text = version.replaceAll(/\s+/g, " ").trim();
  return { ...readName(product), prefix: undefined, range: { text, has } };
}

function readName(text: string): { name: string; open: boolean } {
  const open = text.endsWith("*");
  return { name: (open ? text.slice(0, -1) : text).toLowerCase(), open };
}

/** Tells whether a product is one that a pattern is about. */
export function matchesProduct(
  { name, open, prefix, range }: ProductPattern,
  product: Product,
): boolean {
  if (open ? !product.name.startsWith(name) : product.name !== name) return false;
  if (prefix === undefined && range === undefined) return true;
  if (product.version === undefined) return false;
  if (prefix !== undefined) return beginsWith(product.version.toLowerCase(), prefix);
  const version = parseVersion(product.version);
  return version !== undefined && range?.has(version) === true;
}

/** Tells whether every product of one pattern is one of another. */
export function coversPattern(outer: ProductPattern, inner: ProductPattern): boolean {
  const names = outer.open
    ? inner.name.startsWith(outer.name)
    : !inner.open && inner.name === outer.name;
  if (!names) return false;
  if (outer.range !== undefined) return inner.range?.text === outer.range.text;
  if (outer.prefix === undefined) return true;
  return inner.prefix !== undefined && beginsWith(inner.prefix, outer.prefix);
}

/** Tells whether a version begins with others' first numbers: `1.4` with `1`, and `10.4` not. */
function beginsWith(version: string, prefix: string): boolean {
  return version.startsWith(prefix) && !/\d/.test(version.charAt(prefix.length));
}
