import type { FastifyRequest } from "fastify";

/** Who is calling. Made once per request by an authenticator, shared by everything further in; never changed. */
export interface Principal {
  /** What made it: `"jwt"`, `"api-key"`, or the kind of an authenticator of your own. */
  readonly kind: string;
  /** Who it is, unique among the principals of its kind. */
  readonly id: string;
  /** What the principal may do. */
  readonly scopes: readonly string[];
  /** Everything else that the credentials say, as they said it. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** The user on whose behalf the call is made: the owner of what it creates. */
  readonly userId?: string | undefined;
  /** The session that the credentials are bound to. */
  readonly sessionId?: string | undefined;
  /** What an agent run shall be given, and its caller cannot choose. */
  readonly dependencies?: Readonly<Record<string, unknown>> | undefined;
  /** What the state of a session shall hold, and its caller cannot choose. */
  readonly sessionState?: Readonly<Record<string, unknown>> | undefined;
  /** When the credentials end, in milliseconds since the epoch; for streams that must not outlive them. */
  readonly expiresAt?: number | undefined;
}

/** Tells whether the principal owns what the request is about. Runs right before the handler: the body is there. */
export type OwnerCheck = (
  request: FastifyRequest,
  principal: Principal,
) => boolean | Promise<boolean>;

/** What one route asks of its callers. */
export interface AccessRule {
  /** All of these scopes; `{name}` stands for the route's parameter of that name. */
  readonly scopes?: readonly string[];
  /** One of these scopes. */
  readonly any?: readonly string[];
  /** The route's parameter that holds the id of the user who may call, or a function that tells. */
  readonly owner?: string | OwnerCheck;
}

/** A rule, or `"authenticated"` for a route that every principal may call. */
export type Access = AccessRule | "authenticated";

declare module "fastify" {
  interface FastifyRequest {
    /** Who is calling; `null` where nobody was authenticated, as on a public route. */
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** What this route asks of its callers. */
    access?: Access;
    /** Opens the route to everybody: the layers that guard routes are left out. @defaultValue false */
    public?: boolean;
  }
}
