import type Database from "libsql";
import type { DailyUsage, DayTotals, UsageStore } from "../store.ts";

/** `?1` the owner, `?2` the session, `?3` the first day, `?4` the last day; null leaves the side open. */
const within = `(?1 IS NULL OR user_id = ?1) AND (?2 IS NULL OR session_id = ?2)
  AND (?3 IS NULL OR day >= ?3) AND (?4 IS NULL OR day <= ?4)`;

/** Reads usage from SQLite. */
export function createUsageStore(database: Database.Database): UsageStore {
  const byModel = database.prepare(
    `SELECT day, model, provider, count(*) AS runs,
       sum(input_tokens) AS inputTokens, sum(output_tokens) AS outputTokens
     FROM usage WHERE ${within} GROUP BY day, model, provider ORDER BY day, provider, model`,
  );
  const byDay = database.prepare(
    `SELECT day, count(DISTINCT session_id) AS sessions, count(DISTINCT user_id) AS users
     FROM usage WHERE ${within} GROUP BY day ORDER BY day`,
  );
  return {
    async daily({ owner, session, from, to }) {
      const range = [owner ?? null, session ?? null, from ?? null, to ?? null];
      return {
        models: byModel.all(...range) as DailyUsage[],
        totals: byDay.all(...range) as DayTotals[],
      };
    },
  };
}
