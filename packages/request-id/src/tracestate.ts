/*
 * The header field `tracestate` of W3C Trace Context, section 3.3. It belongs to the vendors of tracing
 * systems: this package hands it on, checked and within limits, and adds nothing.
 */

const MAX_MEMBERS = 32;
/** What the standard asks a service to propagate at least; more is cut off, as it says how. */
const MAX_LENGTH = 512;
const LONG_MEMBER = 128;

const ASCII = /^[\t -~]*$/;
const MEMBER = /^(?<key>[a-z0-9][a-z0-9_\-*/@]{0,255})=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/**
 * Reads a `tracestate` header and gives what to hand on. Of a key that occurs twice, the first counts, which
 * is the most recent.
 *
 * @returns `undefined` when there is nothing to hand on, or when any part of the header is not valid
 */
export function parseTracestate(header: unknown): string | undefined {
  if (typeof header !== "string" || !ASCII.test(header)) return undefined;
  const members = new Map<string, string>();
  let count = 0;
  for (const part of header.split(",")) {
    const member = part.trim();
    if (member === "") continue;
    const key = MEMBER.exec(member)?.groups?.key;
    count += 1;
    if (key === undefined || count > MAX_MEMBERS) return undefined;
    if (!members.has(key)) members.set(key, member);
  }
  return truncate([...members.values()]).join(",") || undefined;
}

/** Section 3.3.1.5: whole entries, those over 128 characters first, then from the end. */
function truncate(members: string[]): string[] {
  if (lengthOf(members) <= MAX_LENGTH) return members;
  let kept = members;
  for (let index = kept.length - 1; index >= 0 && lengthOf(kept) > MAX_LENGTH; index--) {
    if ((kept[index] ?? "").length > LONG_MEMBER) kept = kept.toSpliced(index, 1);
  }
  while (lengthOf(kept) > MAX_LENGTH) kept = kept.slice(0, -1);
  return kept;
}

function lengthOf(members: readonly string[]): number {
  return members.reduce((sum, member) => sum + member.length, members.length - 1);
}
