import { optionReader, rootOf, routeName } from "@enfilade/layer";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { CORS_INVALID_OPTION, CORS_REGISTERED_TWICE } from "./errors.ts";
import type { CorsOptions, CorsRouteOptions } from "./options.ts";
import { createPolicy, type Policy } from "./policy.ts";
import { createRouteBook, type KnownRoute, type RouteBook } from "./route-book.ts";

/*
 * What one registration governs: its scope and all below, less what an inner registration governs. Who governs a
 * route is asked of the route's instance, so that it does not matter which registration a preflight meets first.
 */

const kTerritory: unique symbol = Symbol("enfilade.cors");
const kBook: unique symbol = Symbol("enfilade.cors.routes");

interface Governed {
  [kTerritory]?: Territory;
  [kBook]?: RouteBook;
}

type Instance = FastifyInstance & Governed;

const PACKAGE = "@enfilade/cors";

/** The part of an app that one registration governs. */
export class Territory {
  /** Every route of the app that a registration has seen, whoever governs it. */
  readonly book: RouteBook;
  readonly root: FastifyInstance;
  /** What is said where a route says nothing of its own. */
  readonly policy: Policy;
  readonly #options: CorsOptions;
  readonly #report: (error: Error) => void;
  readonly #byConfig = new WeakMap<object, Policy>();
  /** The configs of the routes that the layer is in line for; unknown without an arrangement. */
  #reached: ReadonlySet<unknown> | undefined;

  constructor(app: Instance, options: CorsOptions) {
    if (Object.hasOwn(app, kTerritory)) throw new CORS_REGISTERED_TWICE();
    this.root = rootOf(app);
    this.book = bookOf(this.root);
    this.#options = options;
    this.#report = (error) => app.log.error({ err: error }, error.message);
    this.policy = createPolicy(options, PACKAGE, this.#report);
    app[kTerritory] = this;
  }

  /** Gives what the answers of a route say; `undefined` where the route wants no CORS. */
  policyOf(cors: false | CorsRouteOptions | undefined, route: string): Policy | undefined {
    if (cors === undefined) return this.policy;
    if (cors === false) return undefined;
    const known = typeof cors === "object" && cors !== null ? this.#byConfig.get(cors) : undefined;
    if (known !== undefined) return known;
    const where = `${PACKAGE} (config.cors of ${route})`;
    if (Object(cors) !== cors) {
      const read = optionReader(where, CORS_INVALID_OPTION, { cors }, ["cors"]);
      read.refuse("cors", "Give options, or false.");
    }
    const policy = createPolicy({ ...this.#options, ...cors }, where, this.#report);
    this.#byConfig.set(cors, policy);
    return policy;
  }

  /** The routes that it governs, and that it is in line for. */
  get routes(): readonly KnownRoute[] {
    return this.book.routes.filter(
      (route) => territoryOf(route.instance) === this && this.reaches(route),
    );
  }

  /** Remembers what an arrangement says: these are all the routes that the layer is in line for. */
  limitTo(configs: Iterable<unknown>): void {
    this.#reached = new Set(configs);
  }

  reaches({ options }: KnownRoute): boolean {
    return this.#reached?.has(options.config) ?? true;
  }

  /** Checks the options of every route that it governs. */
  prepare(): void {
    for (const route of this.routes) this.policyFor(route);
  }

  policyFor({ options, url }: KnownRoute): Policy | undefined {
    return this.policyOf(options.config?.cors, routeName({ method: options.method, url }));
  }
}

/** Gives the registration that governs an instance: its own, or its nearest ancestor's. */
export function territoryOf(app: Instance): Territory | undefined {
  return app[kTerritory];
}

/** Gives what the answers to a request say; `undefined` where its route wants no CORS. */
export function policyOf(territory: Territory, request: FastifyRequest): Policy | undefined {
  const cors = request.routeOptions.config?.cors;
  if (cors === undefined) return territory.policy;
  return territory.policyOf(cors, `${request.method} ${request.routeOptions.url}`);
}

function bookOf(root: Instance): RouteBook {
  root[kBook] ??= createRouteBook(root);
  return root[kBook];
}
