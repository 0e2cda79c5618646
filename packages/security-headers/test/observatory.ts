import { cspModifier, readPolicy } from "./observatory-csp.ts";

/*
 * The score of MDN's HTTP Observatory, by the rules that it publishes (algorithm 6, of August 2026), for the tests
 * that look at one answer over TLS. Those of cookies, redirects, CORS and subresource integrity find nothing to
 * look at here, and count 0; so does HSTS without the list of preloaded hosts. Everything starts at 100, and what is
 * gained counts only from 90 on.
 */

const GRADES: readonly (readonly [number, string])[] = [
  [100, "A+"],
  [90, "A"],
  [85, "A-"],
  [80, "B+"],
  [70, "B"],
  [65, "B-"],
  [60, "C+"],
  [50, "C"],
  [45, "C-"],
  [40, "D+"],
  [30, "D"],
  [25, "D-"],
];
const ENOUGH_FOR_BONUS = 90;

/** What a response scores, test by test. */
export function observatoryScore(headers: Record<string, unknown>): {
  score: number;
  grade: string;
  modifiers: Record<string, number>;
} {
  const value = (name: string) =>
    headers[name] === undefined ? undefined : String(headers[name]).trim();
  const policy = value("content-security-policy");
  const modifiers = {
    "content-security-policy": cspModifier(policy),
    "cross-origin-embedder-policy": tokenModifier(value("cross-origin-embedder-policy"), {
      "require-corp": 10,
      credentialless: 10,
      "unsafe-none": 0,
    }),
    "cross-origin-opener-policy": tokenModifier(value("cross-origin-opener-policy"), {
      "same-origin": 10,
      "same-origin-allow-popups": 10,
      "noopener-allow-popups": 10,
      "unsafe-none": 0,
    }),
    "cross-origin-resource-policy": oneOf(value("cross-origin-resource-policy")?.toLowerCase(), {
      "same-origin": 10,
      "same-site": 10,
      "cross-origin": 0,
    }),
    "referrer-policy": referrerModifier(value("referrer-policy")),
    "strict-transport-security": hstsModifier(value("strict-transport-security")),
    "x-content-type-options": value("x-content-type-options")?.toLowerCase() === "nosniff" ? 0 : -5,
    "x-frame-options": readPolicy(policy)?.has("frame-ancestors")
      ? 5
      : frameModifier(value("x-frame-options")?.toLowerCase()),
  };
  const all = Object.values(modifiers);
  const losses = 100 + all.filter((points) => points < 0).reduce((a, b) => a + b, 0);
  const gained = 100 + all.reduce((a, b) => a + b, 0);
  const score = Math.max(losses >= ENOUGH_FOR_BONUS ? gained : losses, 0);
  const grade = GRADES.find(([from]) => score >= from)?.[1] ?? "F";
  return { score, grade, modifiers };
}

function oneOf(value: string | undefined, points: Record<string, number>): number {
  if (value === undefined || value === "") return 0;
  return Object.hasOwn(points, value) ? (points[value] as number) : -5;
}

/** A token of a structured field (RFC 9651), with or without parameters. */
function tokenModifier(value: string | undefined, points: Record<string, number>): number {
  return oneOf(value?.replace(/^([a-z-]+)(?:; *[a-z_-]+=(?:"[^"]*"|[a-z]+))*$/, "$1"), points);
}

const PRIVATE = ["no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"];
const OTHERS = ["origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"];

/** Of several policies the last one counts that browsers know. */
function referrerModifier(value: string | undefined): number {
  if (value === undefined) return 0;
  const policies = value.split(",").map((policy) => policy.trim().toLowerCase());
  const last = policies.findLast((policy) => [...PRIVATE, ...OTHERS].includes(policy));
  return last !== undefined && PRIVATE.includes(last) ? 5 : -5;
}

function hstsModifier(value: string | undefined): number {
  const seconds = value
    ?.split(";")
    .map((part) => /^max-age=(\d+)/i.exec(part.trim())?.[1])
    .findLast((found) => found !== undefined);
  if (seconds === undefined || value?.includes(",")) return -20;
  return Number(seconds) < 15_552_000 ? -10 : 0;
}

function frameModifier(value: string | undefined): number {
  if (value === "deny" || value === "sameorigin") return 5;
  return value?.startsWith("allow-from") ? 0 : -20;
}
