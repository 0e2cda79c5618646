import { describeValue, type RouteView } from "@enfilade/layer";
import type { FastifyContextConfig } from "fastify";
import { QUOTA_INVALID_OPTION } from "./errors.ts";
import { headersOf, type ToHeaders } from "./headers.ts";
import { PACKAGE, type QuotaRoute, type Settings } from "./options.ts";
import type { MeteredPolicy } from "./policies.ts";
import type { Estimate, QuotaRouteOptions } from "./types.ts";

/** What holds for the runs of one route. */
export interface RouteQuota {
  readonly policies: readonly MeteredPolicy[];
  readonly estimate: Estimate | undefined;
  /** Makes the headers where every caller has the same policies; else they are made for each. */
  readonly toHeaders: ToHeaders | undefined;
}

/** A route's config, as Fastify gives it: with the route's own method and pattern in it. */
type Config = FastifyContextConfig & { readonly method?: unknown; readonly url?: unknown };

/** Finds out which routes have a quota, and which policies hold there; once for each. */
export class RouteQuotas {
  readonly #settings: Settings;
  readonly #all: RouteQuota;
  readonly #byConfig = new WeakMap<object, { readonly quota: RouteQuota | undefined }>();

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#all = this.#quotaOf([...settings.policies.values()], settings.estimate);
  }

  /** Gives the quota of a route; `undefined` where it has none. */
  of(config: Config): RouteQuota | undefined {
    const known = this.#byConfig.get(config);
    if (known !== undefined) return known.quota;
    const methods = [config.method].flat().map(String);
    const url = String(config.url ?? "");
    const quota = this.#read(config.quota, methods, url);
    this.#byConfig.set(config, { quota });
    return quota;
  }

  /** Gives the names of the policies that clients of a route are told of in the standard fields. */
  namesOn(route: RouteView): readonly string[] {
    if (!this.#settings.headers.includes("standard")) return [];
    const told = this.check(route)?.policies.filter(({ isTold }) => isTold) ?? [];
    return told.map(({ name }) => name);
  }

  /**
   * Reads what a route says, while it is declared.
   *
   * @throws `QUOTA_INVALID_OPTION`
   */
  check({ options: { config, method, url } }: RouteView): RouteQuota | undefined {
    return this.#read(config?.quota, [method].flat(), url);
  }

  #read(given: unknown, methods: readonly string[], url: string): RouteQuota | undefined {
    if (given === undefined) {
      const { routes } = this.#settings;
      if (routes === undefined) return undefined;
      const matches = (method: string) => routes({ method, url } satisfies QuotaRoute);
      // Fastify declares a HEAD route for every GET, which does the same work.
      const asked = methods.includes("HEAD") ? [...methods, "GET"] : methods;
      return asked.some(matches) ? this.#all : undefined;
    }
    if (given === false) return undefined;
    if (given === true) return this.#all;
    return this.#readOptions(given, `${methods.join(",")} ${url}`);
  }

  #readOptions(given: unknown, route: string): RouteQuota {
    const refuseAs = (option: string, received: string, fix: string): never => {
      throw new QUOTA_INVALID_OPTION(PACKAGE, `config.quota${option} of ${route}`, received, fix);
    };
    const refuse = (option: string, received: unknown, fix: string) =>
      refuseAs(option, describeValue(received), fix);
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
      return refuse("", given, "Give true, false, or { policies, estimate }.");
    }
    const { policies, estimate, ...rest } = given as QuotaRouteOptions;
    const [odd] = Object.keys(rest);
    if (odd !== undefined) refuseAs(`.${odd}`, "unknown", "Use policies, estimate.");
    if (estimate !== undefined && typeof estimate !== "function") {
      refuse(".estimate", estimate, "Give a function.");
    }
    const known = [...this.#settings.policies.keys()];
    const names: unknown = policies === undefined ? known : policies;
    const fix = `Give an array of policies: ${known.join(", ")}.`;
    if (!Array.isArray(names) || names.length === 0) return refuse(".policies", names, fix);
    const chosen = names.map((name: unknown, index) => {
      const policy = this.#settings.policies.get(name as string);
      return policy ?? refuse(`.policies[${index}]`, name, fix);
    });
    return this.#quotaOf([...new Set(chosen)], estimate ?? this.#all.estimate);
  }

  #quotaOf(policies: readonly MeteredPolicy[], estimate: Estimate | undefined): RouteQuota {
    const made = policies.flatMap((metered) =>
      typeof metered.limit === "number"
        ? [{ metered, policy: metered.policyFor(metered.limit) }]
        : [],
    );
    const toHeaders =
      made.length === policies.length ? headersOf(made, this.#settings.headers) : undefined;
    return { policies, estimate, toHeaders };
  }
}
