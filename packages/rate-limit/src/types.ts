import type { Duration, Policy } from "@enfilade/limiter";
import type { FastifyRequest } from "fastify";

/** Gives the key by which a request is counted. */
export type KeyGenerator = (request: FastifyRequest) => string | PromiseLike<string>;

/** A length of time: milliseconds, `"minute"`, or a number and a unit, such as `"10 seconds"`. */
export type TimeWindow =
  | Duration
  | `${number} ${string}`
  | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** Hears of a request, and of the key by which it is counted. What it throws is logged. */
export type RateLimitListener = (request: FastifyRequest, key: string) => void;

/** What can be said of a registration as a whole, and of one route. */
export interface RateLimitRules {
  /**
   * How many requests one caller may send in any window, or a function that tells for each of them.
   * @defaultValue 600 by address, 300 by principal or key, with a `burst` of 100 or 50
   */
  readonly max?: number | ((request: FastifyRequest, key: string) => number | PromiseLike<number>);
  /** The length of the window. @defaultValue one minute */
  readonly timeWindow?: TimeWindow;
  /**
   * Makes it a rate: so many requests may come at once, and flow back one by one, `max` in a window.
   * @defaultValue a strict window where `max` is given: all of it may come at once, and no window of this
   *   length, wherever it begins, has more
   */
  readonly burst?: number;
  /**
   * Policies of `@enfilade/limiter` in place of `max`, `timeWindow` and `burst`: all of them are decided
   * in one step, and a refusal charges none.
   */
  readonly policies?: readonly Policy[];
  /** What a request takes of each policy, or a function that tells. @defaultValue 1 */
  readonly cost?: number | ((request: FastifyRequest) => number | PromiseLike<number>);
  /**
   * Who is not limited: addresses and ranges (`"10.0.0.0/8"`), ids of principals, keys; or a function.
   *
   * **Security:** failed authentications of a listed address are not counted either.
   * @defaultValue nobody
   */
  readonly allowList?:
    | readonly string[]
    | ((request: FastifyRequest, key: string) => boolean | PromiseLike<boolean>);
  /** After how many refusals in a window further ones are answered 403 instead of 429. @defaultValue never */
  readonly ban?: number;
  /** Hears of every request that is counted and let in. */
  readonly onExceeding?: RateLimitListener;
  /** Hears of every request that is refused. */
  readonly onExceeded?: RateLimitListener;
  /** Hears of every request that is answered 403. */
  readonly onBanReach?: RateLimitListener;
}

/** What a route may say in `config.rateLimit`; it takes the place of the registration's. */
export interface RateLimitRouteOptions extends RateLimitRules {
  /** Counts together the routes that name the same group. They have the same limits. @defaultValue the route alone */
  readonly groupId?: string;
  /** Counts this route by another key. */
  readonly keyGenerator?: KeyGenerator;
  /** Speaks to the registration of this name only. @defaultValue to every one */
  readonly layer?: string;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** The limits of this route; `false` for none. */
    rateLimit?: false | RateLimitRouteOptions | readonly RateLimitRouteOptions[];
  }
}
