import type { Agent } from "../agents/agent.ts";
import type { AuthMode } from "../config/authentication.ts";
import type { Counters } from "../limits/counters.ts";
import type { RunService } from "../runs/run-service.ts";
import type { Store } from "../store/store.ts";
import { notFound } from "./errors.ts";

/** What the routes work with. */
export interface RouteContext {
  readonly agents: ReadonlyMap<string, Agent>;
  readonly store: Store;
  readonly runs: RunService;
  readonly authMode: AuthMode;
  readonly counters: Pick<Counters, "state">;
  readonly heartbeatMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Finds an agent.
 *
 * @throws {HttpError} 404 when there is none of that id.
 */
export function requireAgent({ agents }: RouteContext, id: string): Agent {
  const agent = agents.get(id);
  if (!agent) throw notFound("Agent", id);
  return agent;
}
