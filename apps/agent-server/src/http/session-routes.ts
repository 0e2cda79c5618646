import { randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Owner, Session, SessionChanges } from "../store/store.ts";
import { readFields } from "./bodies.ts";
import { claimsOf, creatorOf, mayUseSession, readerOf } from "./caller.ts";
import { type RouteContext, requireAgent } from "./context.ts";
import { HttpError, notFound, parse } from "./errors.ts";
import { jsonObject, optionalId, optionalText, wholeNumber } from "./fields.ts";
import { sessionEntry, sessionRunView, sessionView } from "./views.ts";

const scopeQuery = z.object({ db_id: optionalText, user_id: optionalId });
const listQuery = scopeQuery.extend({
  type: z.preprocess(
    (value) => (value === "" ? undefined : value),
    z
      .enum(["agent", "team", "workflow"], { error: "must be agent, team or workflow" })
      .default("agent"),
  ),
  component_id: optionalText,
  session_name: optionalText,
  page: wholeNumber(1, 1_000_000, 1),
  limit: wholeNumber(1, 100, 20),
});
const newSession = z.object({
  session_id: optionalId,
  session_name: optionalText,
  agent_id: optionalText,
  user_id: optionalId,
  session_state: jsonObject,
  metadata: jsonObject,
});
const name = z
  .string({ error: "is required and must be a string" })
  .trim()
  .min(1, { error: "must not be empty" })
  .max(200, { error: "must be at most 200 characters" });
const renaming = z.object({ session_name: name });
const patching = z.object({
  session_name: name.optional(),
  session_state: jsonObject.optional(),
  metadata: jsonObject.optional(),
});

type SessionRoute = { Params: { sessionId: string } };

/** Serves sessions and the runs in them. */
export function sessionRoutes(app: FastifyInstance, context: RouteContext): void {
  const { store, runs } = context;
  const seconds = (): number => Math.floor(context.now() / 1000);

  app.get("/sessions", async (request) => {
    const query = parse(listQuery, request.query);
    const owner = scope(request);
    // Only agents run here, so there are no sessions of teams and workflows.
    const { sessions, total } =
      query.type === "agent"
        ? await store.sessions.list({
            owner,
            agentId: query.component_id,
            name: query.session_name,
            id: claimsOf(request).session_id,
            limit: query.limit,
            offset: (query.page - 1) * query.limit,
          })
        : { sessions: [], total: 0 };
    const { page, limit } = query;
    const meta = { page, limit, total_pages: Math.ceil(total / limit), total_count: total };
    return { data: sessions.map(sessionEntry), meta };
  });

  app.post("/sessions", async (request, reply) => {
    const queried = queriedUser(request);
    const { fields } = await readFields(request);
    const asked = { ...parse(newSession, fields), ...claimsOf(request) };
    const agent = asked.agent_id ?? [...context.agents.keys()][0] ?? "";
    requireAgent(context, agent);
    const at = seconds();
    const session: Session = {
      id: asked.session_id ?? randomUUID(),
      agentId: agent,
      userId: creatorOf(request, asked.user_id ?? queried),
      name: asked.session_name ?? "",
      state: asked.session_state,
      metadata: asked.metadata,
      createdAt: at,
      updatedAt: at,
    };
    if (!(await store.sessions.create(session))) {
      throw new HttpError(409, `A session with ID ${session.id} exists already`);
    }
    return reply.code(201).send(sessionView(session));
  });

  app.get<SessionRoute>("/sessions/:sessionId", async (request) =>
    sessionView(await findSession(request)),
  );

  app.get<SessionRoute>("/sessions/:sessionId/runs", async (request) => {
    const sessionId = sessionOf(request);
    const stored = await store.runs.settledIn(sessionId, scope(request));
    // Not an empty list: a user interface that asks while the first run goes on would clear the chat.
    if (stored.length === 0) throw notFound("Session", sessionId);
    return stored.map(sessionRunView);
  });

  app.patch<SessionRoute>("/sessions/:sessionId", async (request) => {
    const { session_name, session_state, metadata } = parse(
      patching,
      (await readFields(request)).fields,
    );
    return change(request, {
      ...(session_name !== undefined && { name: session_name }),
      ...(session_state !== undefined && {
        state: claimsOf(request).session_state ?? session_state,
      }),
      ...(metadata !== undefined && { metadata }),
    });
  });

  app.post<SessionRoute>("/sessions/:sessionId/rename", async (request) => {
    const { session_name } = parse(renaming, (await readFields(request)).fields);
    return change(request, { name: session_name });
  });

  app.delete<SessionRoute>(
    "/sessions/:sessionId",
    async (request, reply): Promise<FastifyReply> => {
      const session = await findSession(request);
      await runs.deleteSession(session.id);
      return reply.code(204).send();
    },
  );

  async function change(
    request: FastifyRequest<SessionRoute>,
    changes: SessionChanges,
  ): Promise<object> {
    const sessionId = sessionOf(request);
    const session = await store.sessions.update(sessionId, scope(request), changes, seconds());
    if (!session) throw notFound("Session", sessionId);
    return sessionView(session);
  }

  async function findSession(request: FastifyRequest<SessionRoute>): Promise<Session> {
    const sessionId = sessionOf(request);
    const session = await store.sessions.get(sessionId, scope(request));
    if (!session) throw notFound("Session", sessionId);
    return session;
  }

  /** Whose sessions the request is about. */
  function scope(request: FastifyRequest): Owner {
    return readerOf(request, queriedUser(request));
  }

  /** The user whom the query names; a database that is not ours has none. */
  function queriedUser(request: FastifyRequest): string | undefined {
    const { db_id, user_id } = parse(scopeQuery, request.query);
    if (db_id !== undefined && db_id !== store.id) throw notFound("Database", db_id);
    return user_id;
  }
}

/** The session that the request is about; to credentials that are bound to another one it is not there. */
function sessionOf(request: FastifyRequest<SessionRoute>): string {
  const { sessionId } = request.params;
  if (!mayUseSession(request, sessionId)) throw notFound("Session", sessionId);
  return sessionId;
}
