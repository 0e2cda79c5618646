import type { FastifyContextConfig, FastifyInstance } from "fastify";
import { COMPRESS_REGISTERED_TWICE } from "./errors.ts";
import { type CompressOptions, resolveOptions, type Settings } from "./options.ts";

const PACKAGE = "@enfilade/compress";

const kPlans: unique symbol = Symbol("enfilade.compress");

type Instance = FastifyInstance & { [kPlans]?: Plans };

/** The settings of one registration, and of the routes that say something of their own. */
export class Plans {
  readonly settings: Settings;
  readonly #options: CompressOptions;
  readonly #byOptions = new WeakMap<object, Settings>();

  constructor(app: Instance, options: CompressOptions) {
    if (Object.hasOwn(app, kPlans)) throw new COMPRESS_REGISTERED_TWICE();
    this.settings = resolveOptions(options, PACKAGE);
    this.#options = options;
    app[kPlans] = this;
  }

  /** Whether this registration governs an instance: without an arrangement, an outer one's hooks run there too. */
  governs(app: Instance): boolean {
    return app[kPlans] === this;
  }

  /** Gives the settings for a route's config, `encodes` aside: requests are decoded all the same. */
  of(config: FastifyContextConfig | undefined, route = "a route"): Settings {
    const given = config?.compress;
    if (given === undefined || given === false) return this.settings;
    const known = this.#byOptions.get(given);
    if (known !== undefined) return known;
    const settings = resolveOptions(this.#merge(given), `${PACKAGE} (config.compress of ${route})`);
    this.#byOptions.set(given, settings);
    return settings;
  }

  #merge(given: CompressOptions): CompressOptions {
    if (Object(given) !== given) return { compress: given } as object;
    const { levels, requests } = this.#options;
    return {
      ...this.#options,
      ...given,
      ...(given.levels && { levels: { ...levels, ...given.levels } }),
      ...(given.requests && requests && { requests: { ...requests, ...given.requests } }),
    };
  }
}
