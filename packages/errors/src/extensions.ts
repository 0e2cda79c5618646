import type { Fields } from "./exposure.ts";

/** What an error says of itself beyond its message: `problem: { type, "violated-policies": […] }`. */
type Own = Readonly<Record<string, unknown>>;

/** The members that the envelope itself has, in whichever dialect. */
const TAKEN: ReadonlySet<string> = new Set([
  "type",
  "title",
  "status",
  "detail",
  "instance",
  "code",
  "requestId",
  "errors",
]);

/** Gives the type of problem that an error names, if it is a URI (RFC 9457, section 3.1.1). */
export function typeOf({ problem }: Pick<Fields, "problem">): string | undefined {
  const { type } = ownOf(problem);
  return typeof type === "string" && URL.canParse(type) ? type : undefined;
}

/** Gives the members that an error brings along, without those that are not its to say. */
export function extensionsOf({ problem }: Pick<Fields, "problem">): Own {
  return Object.fromEntries(Object.entries(ownOf(problem)).filter(([name]) => !TAKEN.has(name)));
}

/** As they will be written: what cannot be must not keep the rest of the answer from going out. */
function ownOf(problem: unknown): Own {
  if (typeof problem !== "object" || problem === null) return {};
  try {
    return JSON.parse(JSON.stringify(problem));
  } catch {
    return {};
  }
}
