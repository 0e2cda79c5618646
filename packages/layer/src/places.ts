/**
 * The canonical line, outermost place first: a request meets the places top to bottom, a response
 * bottom to top. The reason for each position is in the documentation of `@enfilade/order`.
 */
export const PLACES = [
  "identify",
  "observe",
  "protect",
  "host",
  "share",
  "gate",
  "shield",
  "encode",
  "shape",
  "authenticate",
  "authorize",
  "replay",
  "spend",
  "handle",
] as const;

/** A named position in the line. */
export type Place = (typeof PLACES)[number];

const ranks: ReadonlyMap<string, number> = new Map(PLACES.map((place, rank) => [place, rank]));

/** Tells whether `name` is a place of the canonical line. */
export function isPlace(name: unknown): name is Place {
  return typeof name === "string" && ranks.has(name);
}

/** Gives the position of a place, 0 for the outermost. */
export function placeRank(place: Place): number {
  return ranks.get(place) ?? PLACES.length;
}
