import type { Outcome } from "@enfilade/layer";
import type { FastifyBaseLogger } from "fastify";
import type { Level } from "./types.ts";

export const LEVELS: readonly Level[] = [
  "trace",
  "debug",
  "info",
  "warn",
  "error",
  "fatal",
  "silent",
];

/** The levels of lines, by how the exchange went. */
export interface LineLevels {
  readonly ok: Level;
  readonly clientError: Level;
  readonly serverError: Level;
  readonly aborted: Level;
}

/** Chooses the level of a line. What the server has done wrong comes first, then who went away. */
export function levelOf(levels: LineLevels, status: number | undefined, outcome: Outcome): Level {
  if (outcome === "errored" || (status !== undefined && status >= 500)) return levels.serverError;
  if (outcome === "aborted") return levels.aborted;
  return status !== undefined && status >= 400 ? levels.clientError : levels.ok;
}

interface LevelTest {
  isLevelEnabled?(level: string): boolean;
}

/** Tells whether a logger would write a line of this level; one that cannot say is taken to do so. */
export function isEnabled(log: FastifyBaseLogger & LevelTest, level: Level): boolean {
  return level !== "silent" && (log.isLevelEnabled?.(level) ?? true);
}

/** Tells whether a logger would write a line of any of these levels. */
export function isAnyEnabled(log: FastifyBaseLogger, levels: LineLevels): boolean {
  return (
    isEnabled(log, levels.serverError) ||
    isEnabled(log, levels.clientError) ||
    isEnabled(log, levels.ok) ||
    isEnabled(log, levels.aborted)
  );
}
