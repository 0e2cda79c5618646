import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Agent } from "../agents/agent.ts";
import { metered } from "../limits/run-meter.ts";
import type { StartedRun } from "../runs/run-service.ts";
import type { Run } from "../store/store.ts";
import { readFields } from "./bodies.ts";
import { claimsOf, creatorOf, readerOf } from "./caller.ts";
import { type RouteContext, requireAgent } from "./context.ts";
import { HttpError, notFound, parse } from "./errors.ts";
import {
  continueFields,
  type OwnerFields,
  ownerFields,
  resumeFields,
  runFields,
} from "./run-fields.ts";
import { clientGone, sendEvents } from "./sse.ts";
import { runView } from "./views.ts";

/** What these routes begin has a quota, where there are any. */
const config = { quota: true } as const;

type AgentRoute = { Params: { agentId: string } };
type RunRoute = { Params: { agentId: string; runId: string } };

/** Serves runs: starting, reading, cancelling, continuing and resuming them. */
export function runRoutes(app: FastifyInstance, context: RouteContext): void {
  const { runs, store, heartbeatMs } = context;

  app.post<AgentRoute>("/agents/:agentId/runs", { config }, async (request, reply) => {
    const begun = await metered(request, async (meter) => {
      const agent = requireAgent(context, request.params.agentId);
      const { fields, files } = await readFields(request);
      const asked = { ...parse(runFields, fields), ...claimsOf(request) };
      const started = await runs.start(
        agent,
        {
          message: asked.message,
          files,
          sessionId: asked.session_id,
          userId: creatorOf(request, asked.user_id),
          sessionState: asked.session_state,
          dependencies: asked.dependencies,
          metadata: asked.metadata,
          background: asked.background,
        },
        clientGone(reply),
        meter,
      );
      if (!started) throw notFound("Session", asked.session_id ?? "");
      return { agent, started, asked };
    });
    return answer(reply, begun.agent, begun.started, begun.asked);
  });

  app.get<RunRoute>("/agents/:agentId/runs/:runId", async (request) => {
    const agent = requireAgent(context, request.params.agentId);
    const run = await findRun(request, agent, parse(ownerFields, request.query));
    return runView(run, agent);
  });

  app.post<RunRoute>("/agents/:agentId/runs/:runId/cancel", async (request) => {
    const asked = parse(ownerFields, (await readFields(request)).fields);
    const agent = requireAgent(context, request.params.agentId);
    const run = await findRun(request, agent, asked);
    await runs.cancel(run.id, "The run was cancelled");
    return {};
  });

  app.post<RunRoute>(
    "/agents/:agentId/runs/:runId/continue",
    { config },
    async (request, reply) => {
      const begun = await metered(request, async (meter) => {
        const asked = parse(continueFields, (await readFields(request)).fields);
        const agent = requireAgent(context, request.params.agentId);
        const run = await findRun(request, agent, asked);
        const { dependencies = run.dependencies, session_state = {} } = claimsOf(request);
        const started = await runs.continue(agent, run, {
          background: asked.background,
          dependencies,
          sessionState: session_state,
          reader: clientGone(reply),
          meter,
        });
        if (!started) throw new HttpError(409, whyNotContinuable(run));
        return { agent, started, asked };
      });
      return answer(reply, begun.agent, begun.started, begun.asked);
    },
  );

  app.post<RunRoute>("/agents/:agentId/runs/:runId/resume", async (request, reply) => {
    const asked = parse(resumeFields, (await readFields(request)).fields);
    const agent = requireAgent(context, request.params.agentId);
    const run = await findRun(request, agent, asked);
    const events = runs.resume(run.id, asked.last_event_index, clientGone(reply));
    return sendEvents(reply, events, heartbeatMs);
  });

  /** Finds a run that is the caller's to see; credentials that are bound to a session know no other. */
  async function findRun(
    request: FastifyRequest<RunRoute>,
    agent: Agent,
    asked: OwnerFields,
  ): Promise<Run> {
    const { runId } = request.params;
    const sessionId = claimsOf(request).session_id ?? asked.session_id;
    const run = await store.runs.get(runId, readerOf(request, asked.user_id));
    const isAsked = run?.agentId === agent.id && (!sessionId || run.sessionId === sessionId);
    if (!run || !isAsked) throw notFound("Run", runId);
    return run;
  }

  async function answer(
    reply: FastifyReply,
    agent: Agent,
    { run, events }: StartedRun,
    how: { readonly stream: boolean; readonly background: boolean },
  ): Promise<unknown> {
    if (how.stream) return sendEvents(reply, events, heartbeatMs);
    if (how.background) {
      const accepted = { run_id: run.id, session_id: run.sessionId, status: run.status };
      return reply.code(202).send(accepted);
    }
    let last = "{}";
    for await (const event of events) last = event.data;
    const ended = await store.runs.get(run.id, undefined);
    // It was deleted with its session.
    if (!ended) throw notFound("Run", run.id);
    if (ended.status === "RUNNING" && !reply.raw.destroyed) {
      throw new Error(`How run ${run.id} has ended could not be stored`);
    }
    if (ended.status === "ERROR") return reply.code(500).send(failureView(reply, ended, last));
    return runView(ended, agent);
  }
}

/** The same failure that a stream tells in its last event. */
function failureView({ request }: FastifyReply, run: Run, lastEvent: string): object {
  const { content, error_type, error_id } = JSON.parse(lastEvent) as Record<string, unknown>;
  const detail = typeof content === "string" ? content : "The run failed";
  const envelope = { detail, code: "RUN_FAILED", request_id: request.id };
  return { ...envelope, error_type, error_id, run_id: run.id, session_id: run.sessionId };
}

function whyNotContinuable(run: Run): string {
  if (run.status === "COMPLETED")
    return `Run ${run.id} has completed: there is nothing to continue`;
  if (run.files.length > 0) {
    return `Run ${run.id} came with files, which are not kept: send the message again`;
  }
  return `Run ${run.id} is still running: resume it to follow it`;
}
