import type { FastifyRequest } from "fastify";

/**
 * So many of each unit: `{ tokens: 1_200, money: 5_400 }`. Whole numbers; money in millionths of the
 * currency, so that $0.0054 is 5,400.
 */
export type Usage = Readonly<Record<string, number>>;

/** Who is calling, as far as it is known: each of them can be counted by. */
export interface Caller {
  /** The credentials, `kind:id`: an API key, or the subject of a token. */
  readonly principal?: string;
  /** The user on whose behalf the call is made. */
  readonly user?: string;
  /** The organisation that the credentials name. */
  readonly org?: string;
  /** The session that the credentials are bound to. */
  readonly session?: string;
  /** The address, of IPv6 its /64. */
  readonly address?: string;
  /** What a function of yours counts by. */
  readonly custom?: string;
}

/** What a policy has left for its caller. */
export interface PolicyStanding {
  readonly policy: string;
  /** What it counts. */
  readonly counts: string;
  readonly limit: number;
  readonly remaining: number;
  /** Until all of it is back if nothing more is used; absent for runs, which end when they end. */
  readonly resetMs?: number;
}

/** What a run has cost in the end. */
export interface Settlement {
  readonly usage: Usage;
  /** What was left afterwards, as far as this run can tell; only of policies that callers are told of. */
  readonly policies: readonly PolicyStanding[];
}

/**
 * The quota of one run: `request.quota`. It is settled once, whatever happens: by `settle()`, or, when the
 * exchange has ended and nobody has called it, at its estimate.
 */
export interface RunQuota {
  /**
   * Aborts when the run may not go on: nothing is left of its budget, its lease was lost, or its client
   * has gone. The reason is a coded error. Hand it to the model, and to every tool.
   */
  readonly signal: AbortSignal;
  /** What was reserved for the run. */
  readonly reserved: Usage;
  /** What was charged so far. */
  readonly charged: Usage;
  /** What it has cost in the end; `undefined` until then. */
  readonly settlement: Settlement | undefined;
  /**
   * Adds to what the run has used so far. Nothing happens while that is within the estimate; beyond it more
   * is reserved, and where nothing is left, `signal` aborts.
   *
   * @returns whether the run may go on; never rejects for want of a store
   * @throws `QUOTA_INVALID_USAGE`
   */
  charge(usage: Usage): Promise<boolean>;
  /**
   * Ends the run: charges what it has really cost, in total, and gives its place back. Units that are left out
   * keep what was reserved or charged, whichever is more. Whoever calls it again gets the same settlement.
   *
   * @throws `QUOTA_INVALID_USAGE` (the run then goes on)
   */
  settle(usage?: Usage): Promise<Settlement>;
  /** Ends a run that never began: nothing is charged, not even the request. */
  cancel(): Promise<void>;
  /**
   * Lets the run outlive its exchange, for work in the background: only `settle()` and `cancel()` end it now. If
   * the process dies its place is free after the lease's time. To be called before the exchange ends: a place that
   * was given back is not taken again.
   */
  detach(): RunQuota;
}

/** How much of a policy was used, for the admin view. */
export interface PolicyUsage {
  readonly policy: string;
  readonly counts: string;
  /** By what it is counted, `+` between several. */
  readonly by: string;
  /** Whose counter it is: `user:ann`. */
  readonly key: string;
  readonly used: number;
  /** `null` where there is no limit for this caller. */
  readonly limit: number | null;
  readonly remaining: number | null;
  readonly resetMs: number;
  /**
   * True where the store could not answer, and this process' own counters did; of a policy that refuses meanwhile
   * nothing is known, and nothing remains.
   */
  readonly degraded: boolean;
}

/** The quotas of an app: `app.quota`. */
export interface QuotaControls {
  /**
   * Tells what a caller has used of every policy that counts by what is given; `{}` asks for the policies by
   * `"server"`.
   */
  usage(caller: Caller): Promise<readonly PolicyUsage[]>;
  /**
   * Makes the counters of a caller as good as new, all or those of one policy. Runs keep their places.
   *
   * @returns the policies that were reset
   * @throws `QUOTA_UNAVAILABLE`, `QUOTA_UNKNOWN_POLICY`
   */
  reset(caller: Caller, policy?: string): Promise<readonly string[]>;
  /** What the layer is holding; for health checks and metrics. */
  state(): QuotaState;
}

/** What the layer is holding. */
export interface QuotaState {
  /** Runs that were admitted and have not been settled. */
  readonly open: number;
  /** Requests in the queue. */
  readonly waiting: number;
  /** Decisions that the store could not make. */
  readonly degraded: number;
  /** Settlements that wait for the store … */
  readonly queued: number;
  /** … and those that were given up. */
  readonly dropped: number;
}

/** Foresees what a request will cost. What is left out costs one. */
export type Estimate = (request: FastifyRequest) => Usage | Promise<Usage>;

/** What a route may say in `config.quota`. */
export interface QuotaRouteOptions {
  /** The policies of this route, by name. @defaultValue all */
  readonly policies?: readonly string[];
  /** In place of the layer's. */
  readonly estimate?: Estimate;
}

declare module "fastify" {
  interface FastifyRequest {
    /** The quota of this run; `null` where the route has none. */
    quota: RunQuota | null;
  }
  interface FastifyInstance {
    /** The quotas that hold in this scope. */
    readonly quota: QuotaControls;
  }
  interface FastifyContextConfig {
    /** Makes every request of this route a run with a quota; `false` where `routes` would. */
    quota?: boolean | QuotaRouteOptions;
  }
}
