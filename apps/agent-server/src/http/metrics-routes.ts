import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { toMetrics } from "../runs/wire.ts";
import { claimsOf, readerOf } from "./caller.ts";
import type { RouteContext } from "./context.ts";
import { parse } from "./errors.ts";
import { optionalId } from "./fields.ts";

const day = z.preprocess(
  (value) => (value === "" ? undefined : value),
  z.iso.date({ error: "must be a day like 2026-01-31" }).optional(),
);
const query = z.object({ starting_date: day, ending_date: day, user_id: optionalId });

/** Serves usage per day (UTC). */
export function metricsRoutes(app: FastifyInstance, { store, now }: RouteContext): void {
  app.get("/metrics", async (request) => {
    const asked = parse(query, request.query);
    const { models, totals } = await store.usage.daily({
      owner: readerOf(request, asked.user_id),
      session: claimsOf(request).session_id,
      from: asked.starting_date,
      to: asked.ending_date,
    });
    const metrics = totals.map(({ day: date, sessions, users }) => {
      const used = models.filter((model) => model.day === date);
      const sum = (pick: (model: (typeof used)[number]) => number): number =>
        used.reduce((total, model) => total + pick(model), 0);
      return {
        id: date,
        date,
        agent_runs_count: sum((model) => model.runs),
        agent_sessions_count: sessions,
        users_count: users,
        token_metrics: toMetrics({
          inputTokens: sum((model) => model.inputTokens),
          outputTokens: sum((model) => model.outputTokens),
        }),
        model_metrics: used.map((model) => ({
          model_id: model.model,
          model_provider: model.provider,
          count: model.runs,
        })),
      };
    });
    return { metrics, updated_at: Math.floor(now() / 1000) };
  });
}
