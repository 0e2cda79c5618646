import { optionReader } from "@enfilade/layer";
import type { FastifyContextConfig, FastifyInstance } from "fastify";
import { COMPRESS_INVALID_OPTION, COMPRESS_REGISTERED_TWICE } from "./errors.ts";
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
    const where = `${PACKAGE} (config.compress of ${route})`;
    if (Object(given) !== given) {
      const read = optionReader(where, COMPRESS_INVALID_OPTION, { compress: given }, ["compress"]);
      read.refuse("compress", "Give options, or false.");
    }
    const settings = resolveOptions(this.#merge(given), where);
    this.#byOptions.set(given, settings);
    return settings;
  }

  #merge(given: CompressOptions): CompressOptions {
    const own = this.#options;
    return {
      ...own,
      ...given,
      ...(given.levels !== undefined && { levels: over(own.levels, given.levels) }),
      ...(given.requests !== undefined && { requests: over(own.requests, given.requests) }),
    };
  }
}

/** Lays one object over another; what is none is left for the options to refuse. */
function over<Value>(own: unknown, given: Value): Value {
  return Object(given) === given && Object(own) === own ? { ...(own as Value), ...given } : given;
}
