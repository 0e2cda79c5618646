/*
 * A score in the spirit of Mozilla's HTTP Observatory: the published modifiers of the tests that look at
 * headers alone (its tests of cookies, redirects, CORS and subresource integrity have nothing to look at
 * here, and count 0). Everything starts at 100; what is gained counts only from 90 on.
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

/** What a response scores, test by test. */
export function observatoryScore(headers: Record<string, unknown>): {
  score: number;
  grade: string;
  modifiers: Record<string, number>;
} {
  const value = (name: string) => String(headers[name] ?? "");
  const csp = parsePolicy(value("content-security-policy"));
  const modifiers = {
    "content-security-policy": cspModifier(csp),
    "cross-origin-embedder-policy": oneOf(value("cross-origin-embedder-policy"), {
      "require-corp": 10,
      credentialless: 10,
      "unsafe-none": 0,
      "": 0,
    }),
    "cross-origin-opener-policy": oneOf(value("cross-origin-opener-policy"), {
      "same-origin": 10,
      "same-origin-allow-popups": 10,
      "noopener-allow-popups": 10,
      "unsafe-none": 0,
      "": 0,
    }),
    "cross-origin-resource-policy": oneOf(value("cross-origin-resource-policy"), {
      "same-origin": 10,
      "same-site": 10,
      "cross-origin": 0,
      "": 0,
    }),
    "referrer-policy": oneOf(value("referrer-policy").split(",").at(-1)?.trim() ?? "", {
      "no-referrer": 5,
      "same-origin": 5,
      "strict-origin": 5,
      "strict-origin-when-cross-origin": 5,
      "": 0,
    }),
    "strict-transport-security": hstsModifier(value("strict-transport-security")),
    "x-content-type-options": value("x-content-type-options") === "nosniff" ? 0 : -5,
    "x-frame-options":
      csp.has("frame-ancestors") || /^(?:deny|sameorigin)$/i.test(value("x-frame-options"))
        ? 5
        : -20,
  };
  const all = Object.values(modifiers);
  const losses = 100 + all.filter((points) => points < 0).reduce((a, b) => a + b, 0);
  const score = losses >= 90 ? 100 + all.reduce((a, b) => a + b, 0) : Math.max(losses, 0);
  const grade = GRADES.find(([from]) => score >= from)?.[1] ?? "F";
  return { score, grade, modifiers };
}

function oneOf(value: string, points: Record<string, number>): number {
  return points[value] ?? -5;
}

/** Reads a policy as a browser does: of a directive that occurs twice, the first counts. */
export function parsePolicy(policy: string): Map<string, string[]> {
  const directives = new Map<string, string[]>();
  for (const part of policy.split(";")) {
    const [name, ...sources] = part.trim().split(/\s+/);
    if (name && !directives.has(name)) directives.set(name, sources);
  }
  return directives;
}

function cspModifier(csp: Map<string, string[]>): number {
  if (csp.size === 0) return -25;
  const sources = (name: string) => csp.get(name) ?? csp.get("default-src") ?? ["*"];
  const broad = (source: string) => /^(?:\*|https?:|ftp:|https?:\/\/\*(?:\.\*)?)$/.test(source);
  const inline = (source: string) => source === "'unsafe-inline'" || source === "data:";
  const trusted = (list: string[]) => list.some((source) => /^'(?:nonce|sha\d+)-/.test(source));
  const script = sources("script-src").filter(
    (source) => source !== "'unsafe-inline'" || !trusted(sources("script-src")),
  );
  if (script.includes("'strict-dynamic'") && !trusted(script)) return -25;
  if (script.some((source) => broad(source) || inline(source))) return -20;
  if (sources("object-src").some(broad)) return -20;
  if ([...script, ...sources("style-src")].includes("'unsafe-eval'")) return -10;
  if (sources("style-src").some((source) => broad(source) || inline(source))) return 0;
  return csp.get("default-src")?.join() === "'none'" ? 10 : 5;
}

function hstsModifier(value: string): number {
  const seconds = Number(/max-age=(\d+)/.exec(value)?.[1] ?? Number.NaN);
  if (Number.isNaN(seconds)) return -20;
  return seconds < 15_552_000 ? -10 : 0;
}
