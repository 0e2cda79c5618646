import { describeValue, type RouteView, routeName } from "@enfilade/layer";
import type { FastifyContextConfig, FastifyRequest } from "fastify";
import { RATE_LIMIT_INVALID_OPTION } from "./errors.ts";
import { Limit, type LimitParts } from "./limit.ts";
import { PACKAGE, type RateLimitOptions, readerOf, type Settings } from "./options.ts";
import { RULES, type Rules, readRules } from "./rules.ts";
import type { Tier } from "./tiers.ts";
import type { RateLimitRouteOptions, RateLimitRules } from "./types.ts";

const KNOWN = [...RULES, "groupId", "keyGenerator", "layer"];
const ROUTE_FIX = "Give options, a list of them for several layers, or false.";

/** What a route's own limit is made of. */
interface Own {
  readonly rules: Rules;
  readonly options: RateLimitRouteOptions;
}

/** What the limits of one registration have in common. */
export interface Registration {
  readonly name: string;
  /** Names the policy that is made of `max`. */
  readonly policyName: string;
  /** Names the counters that all routes share. */
  readonly space: string;
  readonly options: RateLimitOptions;
  readonly settings: Settings;
  readonly onDegraded: LimitParts["onDegraded"];
}

/** The limits of one registration: one for all routes that say nothing, and those of routes that do. */
export class RouteLimits {
  readonly rules: Rules;
  readonly #registration: Registration;
  readonly #shared: Limit;
  /** By the options that a route gives; several routes may give the same. */
  readonly #own = new WeakMap<object, Own | undefined>();
  /** By the config of a route, of which each has its own. */
  readonly #byConfig = new WeakMap<object, { readonly limit: Limit | undefined }>();
  readonly #groups = new Map<string, string>();
  readonly #numbers = new Map<unknown, number>();

  constructor(registration: Registration) {
    this.#registration = registration;
    const { options, settings, space } = registration;
    this.rules = this.#readRules(readerOf(PACKAGE, rulesOf(options), RULES), options);
    this.#shared = this.#limit(this.rules, space, settings.callers.keyOf);
  }

  /** Gives the limit of a request; `undefined` where it has none. */
  of(request: FastifyRequest): Limit | undefined {
    const { config } = request.routeOptions;
    const own = config?.rateLimit;
    if (own !== undefined) return this.#limitOf(own, config);
    return this.#isShared((config as { url?: string } | undefined)?.url) ? this.#shared : undefined;
  }

  /** Checks what a route says at the moment of its declaration. */
  declare({ options, notFound }: RouteView): void {
    const own = options.config?.rateLimit;
    if (own === undefined || notFound) return;
    this.#find(own, routeName(options));
  }

  /** Gives the names of the policies that clients of a route are told of in the standard fields. */
  namesOn(own: unknown, method: string, url: string): readonly string[] {
    if (own === false || !this.#registration.settings.dialects.includes("standard")) return [];
    const found = own === undefined ? undefined : this.#find(own, `${method} ${url}`);
    if (found !== undefined) return found.rules.names;
    return this.#isShared(url) ? this.rules.names : [];
  }

  #limitOf(given: NonNullable<RateLimitConfig>, config: FastifyContextConfig): Limit | undefined {
    if (given === false) return undefined;
    const known = this.#byConfig.get(config);
    if (known !== undefined) return known.limit;
    const { method = "", url = "" } = config as { method?: string | string[]; url?: string };
    const methods = [method].flat();
    const own = this.#find(given, routeName({ method, url }));
    const shared = this.#isShared(url) ? this.#shared : undefined;
    const limit = own === undefined ? shared : this.#build(own, `${nameOf(methods)} ${url}`);
    this.#byConfig.set(config, { limit });
    return limit;
  }

  /** Tells whether a route that says nothing to this registration is limited. */
  #isShared(url = ""): boolean {
    const { global, exempt } = this.#registration.settings;
    return global && !exempt.has(url);
  }

  #build({ rules, options }: Own, route: string): Limit {
    const { name, settings } = this.#registration;
    const { groupId, keyGenerator } = options;
    const space = `${name}${groupId === undefined ? `>${route}` : `#${groupId}`}`;
    return this.#limit(rules, unbroken(space), keyGenerator ?? settings.callers.keyOf);
  }

  #limit(rules: Rules, space: string, keyOf: LimitParts["keyOf"]): Limit {
    const { settings, onDegraded } = this.#registration;
    const { callers, limiter } = settings;
    return new Limit({ rules, space, keyOf, callers, limiter, onDegraded });
  }

  /** Finds what a route says to this registration. */
  #find(given: unknown, route: string): Own | undefined {
    const where = `${PACKAGE} (config.rateLimit of ${route})`;
    if (given === false) return undefined;
    const refuse = (received: string, item = ""): never => {
      throw new RATE_LIMIT_INVALID_OPTION(where, `rateLimit${item}`, received, ROUTE_FIX);
    };
    if (typeof given !== "object" || given === null) return refuse(describeValue(given));
    if (this.#own.has(given)) return this.#own.get(given);
    const entries: readonly unknown[] = Array.isArray(given) ? given : [given];
    const mine = entries.filter((entry, index): entry is RateLimitRouteOptions => {
      if (typeof entry !== "object" || entry === null) {
        return refuse(describeValue(entry), `[${index}]`);
      }
      const { layer } = entry as RateLimitRouteOptions;
      return layer === undefined || layer === this.#registration.name;
    });
    if (mine.length > 1) refuse(`said twice to the layer ${this.#registration.name}`);
    const own = mine[0] === undefined ? undefined : this.#read(mine[0], where);
    this.#own.set(given, own);
    return own;
  }

  #read(options: RateLimitRouteOptions, where: string): Own {
    const read = readerOf(where, options, KNOWN);
    const { groupId, keyGenerator, layer } = options;
    if (keyGenerator !== undefined && typeof keyGenerator !== "function") {
      read.refuse("keyGenerator", "Give a function.");
    }
    if (layer !== undefined) read.string("layer", "");
    const merged = mergeRules(this.#registration.options, options);
    const rules = this.#readRules(readerOf(where, merged, RULES), merged);
    if (groupId === undefined) return { rules, options };
    const fix = "Give up to 64 letters, digits, dots, dashes, colons, slashes and underscores.";
    const group = read.string("groupId", "", { pattern: /[\w.:/-]{1,64}/, fix });
    const shape = this.#shapeOf(rules.tier, merged.max);
    if ((this.#groups.get(group) ?? shape) !== shape) {
      read.refuse("groupId", "All routes of a group share one counter: give them the same limits.");
    }
    this.#groups.set(group, shape);
    return { rules, options };
  }

  #readRules(read: ReturnType<typeof readerOf>, options: RateLimitRules): Rules {
    const { settings, policyName } = this.#registration;
    const { callers, dialects, failures, onStoreError } = settings;
    const { by } = callers;
    const rules = readRules(read, options, by, {
      name: policyName,
      fallback: by === "address" ? { max: 600, burst: 100 } : { max: 300, burst: 50 },
      dialects,
      onStoreError,
    });
    if (failures !== undefined && rules.names.includes(failures.name)) {
      read.refuse(
        "policies",
        `Failed authentications have the name ${failures.name}: use another.`,
      );
    }
    return rules;
  }

  /** Says whether two limits count alike; functions are told apart by their identity. */
  #shapeOf(tier: Rules["tier"], max: RateLimitRules["max"]): string {
    if (typeof tier !== "function") return shapeOfPolicies(tier);
    const number = this.#numbers.get(max) ?? this.#numbers.size;
    this.#numbers.set(max, number);
    return `function ${number}`;
  }
}

type RateLimitConfig = FastifyContextConfig["rateLimit"];

/** Fastify declares a HEAD route for every GET, also where that has other methods: both are one. */
function nameOf(methods: readonly string[]): string {
  return methods.includes("GET") || methods.includes("HEAD") ? "GET" : methods.join(",");
}

/**
 * Spells a space without blanks: the first blank of a counter's name is where the caller's key begins, so that no key,
 * whoever chooses it, can spell the counter of another space.
 */
export function unbroken(space: string): string {
  return space.replaceAll(" ", ">");
}

function shapeOfPolicies({ policies }: Tier): string {
  return policies.map(({ id, limit, capacity }) => `${id} ${limit} ${capacity}`).join();
}

/** Takes the rules out of a registration's options. */
function rulesOf(options: RateLimitRules): RateLimitRules {
  return Object.fromEntries(
    RULES.flatMap((rule) => (options[rule] === undefined ? [] : [[rule, options[rule]]])),
  );
}

/** Lays a route's rules over those of the registration; policies take the place of `max`, and it of them. */
function mergeRules(
  registration: RateLimitRules,
  {
    groupId: _groupId,
    keyGenerator: _keyGenerator,
    layer: _layer,
    ...route
  }: RateLimitRouteOptions,
): RateLimitRules {
  const { policies, max, timeWindow, burst, ...rest } = rulesOf(registration);
  if (route.policies !== undefined) return { ...rest, ...route };
  const counts = route.max ?? route.timeWindow ?? route.burst;
  const window = {
    ...(max !== undefined && { max }),
    ...(timeWindow !== undefined && { timeWindow }),
    // It was said of another max: five logins a minute are not a hundred at once.
    ...(burst !== undefined && route.max === undefined && { burst }),
  };
  if (counts !== undefined) return { ...rest, ...window, ...route };
  return { ...rest, ...window, ...(policies !== undefined && { policies }), ...route };
}
