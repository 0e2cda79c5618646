import { isSafe } from "redos-detector";

/** What a pattern is refused for. */
export type PatternFault = "flags" | "unsafe";

/** How much backtracking is let through, and how far the search for it goes before it counts as found. */
const LIMITS = { maxScore: 30, maxSteps: 4000 };

/**
 * Makes a pattern match origins in full: without anchors `/app\.example/` would also let
 * `https://app.example.evil.net` in.
 *
 * The check for catastrophic backtracking is an analysis of the pattern, not a race against the clock: it
 * gives the same verdict on every machine. What it cannot analyse counts as unsafe.
 */
export function compilePattern(pattern: RegExp): RegExp | PatternFault {
  // Sticky and global patterns remember where they stopped: the same origin would pass every other time.
  if (/[^iuv]/.test(pattern.flags)) return "flags";
  const whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags);
  try {
    return isSafe(whole, LIMITS).safe ? whole : "unsafe";
  } catch {
    return "unsafe";
  }
}
