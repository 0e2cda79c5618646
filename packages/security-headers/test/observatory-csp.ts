type Policy = ReadonlyMap<string, Set<string>>;

const BROAD = [
  "ftp:",
  "http:",
  "https:",
  "*",
  "http://*",
  "http://*.*",
  "https://*",
  "https://*.*",
];
const INLINE = ["'unsafe-inline'", "data:"];
/** The only directives that may be repeated, at the price of the bonus. */
const REPORTS = ["report-uri", "report-to"];
const PASSIVE = ["img-src", "media-src"];

const isBroad = (source: string) => BROAD.includes(source);
const isLoose = (source: string) => isBroad(source) || INLINE.includes(source);
const isInsecure = (source: string) => /^(?:http|ftp):/.test(source);
const isTrust = (source: string) => /^'(?:nonce|sha(?:256|384|512))-/.test(source);
const some = (sources: Iterable<string>, matches: (source: string) => boolean) =>
  [...sources].some(matches);

/** Reads one policy; `undefined` where there is none, or the Observatory calls it invalid. */
export function readPolicy(text: string | undefined): Policy | undefined {
  if (text === undefined || text.length < "img-src".length - 1) return undefined;
  if (text.includes(","))
    throw new Error("Scoring several policies at once is not written down here.");
  const directives = new Map<string, Set<string>>();
  for (const part of text.toLowerCase().split(";")) {
    const [name, ...sources] = part.trim().split(/\s+/);
    if (!name) continue;
    if (directives.has(name) && !REPORTS.includes(name)) return undefined;
    const isEmpty = sources.length === 0 && name.endsWith("-src");
    directives.set(name, new Set(isEmpty ? ["'none'"] : sources));
  }
  return directives;
}

/** What the policy of an answer over TLS scores. */
export function cspModifier(text: string | undefined): number {
  const policy = readPolicy(text);
  if (policy === undefined || policy.size === 0) return -25;
  const sourcesOf = (name: string) => policy.get(name) ?? policy.get("default-src") ?? new Set("*");
  // Two directives that fall back to default-src are one set, as they are for the Observatory.
  const [scripts, styles, objects] = ["script-src", "style-src", "object-src"].map(sourcesOf) as [
    Set<string>,
    Set<string>,
    Set<string>,
  ];
  for (const sources of [scripts, styles]) {
    if (some(sources, isTrust)) sources.delete("'unsafe-inline'");
  }
  if (scripts.has("'strict-dynamic'")) {
    if (!some(scripts, isTrust)) return -25;
    for (const source of [...scripts]) {
      const isIgnored = BROAD.some((broad) => source.startsWith(broad)) || source === "'self'";
      if (isIgnored) scripts.delete(source);
    }
  }
  const others = [...policy].filter(([name]) => ![...PASSIVE, "script-src"].includes(name));
  const active = [...others.flatMap(([, sources]) => [...sources]), ...scripts];
  const passive = PASSIVE.flatMap((name) => [
    ...(policy.get(name) ?? policy.get("default-src") ?? []),
  ]);
  if (some(scripts, isLoose) || some(objects, isBroad)) return -20;
  if (some(active, isInsecure)) return -20;
  if (scripts.has("'unsafe-eval'") || styles.has("'unsafe-eval'")) return -10;
  if (repeatsReport(text)) return 0;
  if (some(passive, isInsecure)) return -10;
  if (some(styles, isLoose)) return 0;
  const fallback = policy.get("default-src");
  return fallback?.size === 1 && fallback.has("'none'") ? 10 : 5;
}

function repeatsReport(text = ""): boolean {
  const names = text.split(";").map((part) => part.trim().split(/\s+/)[0]?.toLowerCase());
  return REPORTS.some((name) => names.filter((other) => other === name).length > 1);
}
