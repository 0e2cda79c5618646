import { randomBytes } from "node:crypto";
import { isThenable } from "@enfilade/layer";
import type { OriginFunction } from "./types.ts";

/** Origins that are nobody's: what lets them in lets everybody in. Under names that common patterns end in. */
function strangers(): string[] {
  const name = `enfilade-${randomBytes(12).toString("hex")}`;
  return [
    `https://${name}.invalid`,
    `http://${name}.invalid:8080`,
    ...["com", "net", "org", "io", "ai", "app", "dev"].map((top) => `https://${name}.${top}`),
    `http://${name}.com`,
  ];
}

/** Finds an origin that is nobody's and that one of the patterns matches all the same. */
export function findOpenPattern(patterns: readonly RegExp[]): RegExp | undefined {
  const probes = strangers();
  return patterns.find((pattern) => probes.some((origin) => pattern.test(origin)));
}

/**
 * Asks a function about an origin that is nobody's. One that wants the request too, or throws, cannot be asked at
 * boot and counts as closed.
 */
export function isOpenFunction(judge: OriginFunction): boolean | Promise<boolean> {
  if (judge.length > 1) return false;
  const [origin] = strangers();
  try {
    const verdict: unknown = (judge as (origin: string | undefined) => unknown)(origin);
    return isThenable(verdict)
      ? Promise.resolve(verdict).then(
          (later) => later === true,
          () => false,
        )
      : verdict === true;
  } catch {
    return false;
  }
}
