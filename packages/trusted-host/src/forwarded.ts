/** What the nearest proxy says in `Forwarded` (RFC 7239). */
export interface Forwarded {
  readonly host: string | undefined;
  readonly proto: string | undefined;
}

/**
 * One pair, and what follows it: another pair, another element, or nothing. Values without quotes may have
 * colons and brackets here, which proxies write all the same, and which nobody can read in two ways.
 */
const PAIR =
  /[ \t]*(?<name>[!#$%&'*+.^_`|~0-9a-z-]+)=(?:(?<token>[^\s"\\;,=]+)|"(?<quoted>(?:[^"\\]|\\.)*)")[ \t]*(?<end>[;,]|$)/iy;

/** Reads the last element, which the nearest proxy has added; `undefined` where the header is not well-formed. */
export function parseForwarded(header: string): Forwarded | undefined {
  let element = new Map<string, string>();
  let index = 0;
  for (;;) {
    PAIR.lastIndex = index;
    const groups = PAIR.exec(header)?.groups;
    if (groups === undefined) return undefined;
    const name = groups.name?.toLowerCase() ?? "";
    // Twice in one element is not allowed: whoever reads the other one sees another host.
    if (element.has(name)) return undefined;
    element.set(name, groups.token ?? groups.quoted?.replaceAll(/\\(.)/g, "$1") ?? "");
    index = PAIR.lastIndex;
    if (groups.end === "") return { host: element.get("host"), proto: element.get("proto") };
    if (groups.end === ",") element = new Map();
  }
}
