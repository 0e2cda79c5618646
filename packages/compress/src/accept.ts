/*
 * Which content coding a client wants (RFC 9110, section 12.5.3), from its Accept-Encoding.
 */

/** What is to be done about an Accept-Encoding, given the codings that there are. */
export interface Negotiation<Coding extends string> {
  /** The coding to use; `undefined` for none. */
  readonly coding: Coding | undefined;
  /** Whether the client has ruled out a body without any coding. */
  readonly plainRefused: boolean;
}

/** A weight with a digit more than allowed, or one less, is still meant as a number. */
const WEIGHT = /^q=(0?(?:\.\d*)?|1(?:\.0*)?)$/i;

/** Reads the weights; a coding that is named twice has the lower one, an element that cannot be read counts for nothing. */
export function parseAcceptEncoding(header: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const element of header.split(",")) {
    const [name = "", ...parameters] = element.split(";").map((part) => part.trim());
    if (name === "") continue;
    const coding = canonical(name);
    const weight = parameters.length === 0 ? 1 : readWeight(parameters);
    if (weight !== undefined) weights.set(coding, Math.min(weight, weights.get(coding) ?? 1));
  }
  return weights;
}

/** Gives a coding's name; `x-gzip` is gzip (RFC 9110, section 8.4.1.3). */
export function canonical(name: string): string {
  const lower = name.toLowerCase();
  return lower === "x-gzip" ? "gzip" : lower;
}

function readWeight([first = "", ...others]: readonly string[]): number | undefined {
  const digits = WEIGHT.exec(first)?.[1];
  if (digits === undefined || digits === "" || digits === "." || others.length > 0)
    return undefined;
  return Number(digits);
}

/**
 * Chooses among codings in order of the server's preference: the one that the client likes best, of those it likes
 * alike the first. A body without a coding is the last resort unless the client says otherwise.
 */
export function negotiate<Coding extends string>(
  header: string | undefined,
  codings: readonly Coding[],
): Negotiation<Coding> {
  // Any coding would be allowed without the header; who does not send it does not know any.
  if (header === undefined) return { coding: undefined, plainRefused: false };
  const weights = parseAcceptEncoding(header);
  const any = weights.get("*");
  const plain = weights.get("identity") ?? any;
  let chosen: Coding | undefined;
  let best = 0;
  for (const coding of codings) {
    const weight = weights.get(coding) ?? any ?? 0;
    if (weight > best) {
      best = weight;
      chosen = coding;
    }
  }
  if (plain !== undefined && plain > best) chosen = undefined;
  return { coding: chosen, plainRefused: plain === 0 };
}

/** The header takes few forms: what was read once is kept. Strangers may send what they like, but only so many. */
const MAX_KNOWN = 200;

/** Makes a {@link negotiate} for fixed codings that remembers. */
export function createNegotiator<Coding extends string>(
  codings: readonly Coding[],
): (header: string | undefined) => Negotiation<Coding> {
  const known = new Map<string | undefined, Negotiation<Coding>>();
  return (header) => {
    const remembered = known.get(header);
    if (remembered !== undefined) return remembered;
    const negotiation = negotiate(header, codings);
    if (known.size < MAX_KNOWN && (header?.length ?? 0) < 200) known.set(header, negotiation);
    return negotiation;
  };
}
