import { type Access, isGuarded } from "@enfilade/auth";
import { optionReader } from "@enfilade/layer";
import type { FastifyPluginAsync } from "fastify";
import {
  QUOTA_ADMIN_UNPROTECTED,
  QUOTA_INVALID_OPTION,
  QUOTA_NO_CALLER,
  QUOTA_NOT_REGISTERED,
} from "./errors.ts";
import { PACKAGE } from "./options.ts";
import type { Caller } from "./types.ts";

/** Who may look at quotas, and who may reset them. */
export interface QuotaAdminAccess {
  /** @defaultValue `{ scopes: ["quota:read"] }` */
  readonly read?: Access;
  /** @defaultValue `{ scopes: ["quota:write"] }` */
  readonly write?: Access;
}

/** The options of the admin view; its `prefix` is Fastify's. */
export interface QuotaAdminOptions {
  /**
   * Rules of access in the sense of `@enfilade/auth`.
   *
   * **Security:** `false` leaves it to you. Whoever gets in sees what everybody uses, and lifts every limit.
   * @defaultValue the scopes `quota:read` and `quota:write`
   */
  readonly access?: QuotaAdminAccess | false;
}

/** What a request may ask for. */
type Query = Caller & { readonly server?: "true"; readonly policy?: string };

const WORDS = ["principal", "user", "org", "session", "address", "custom"] as const;
const text = { type: "string", minLength: 1, maxLength: 1_024 };
const querystring = {
  type: "object",
  properties: {
    ...Object.fromEntries(WORDS.map((word) => [word, text])),
    server: { const: "true" },
    policy: text,
  },
};
/** Options that Fastify has for every plugin. */
const FASTIFYS = ["prefix", "logLevel", "logSerializers"];

/**
 * Serves the quotas of callers: `GET ?user=ann` tells what was used of every policy, `DELETE ?user=ann` makes the
 * counters as good as new, with `&policy=tokens` those of one policy. Runs keep their places.
 *
 * @throws `QUOTA_ADMIN_UNPROTECTED` (from `app.ready()`) where nothing would check who is calling.
 * @throws `QUOTA_INVALID_OPTION`, `QUOTA_NOT_REGISTERED` (on registration).
 * @example
 * ```ts
 * app.register(quotaAdmin, { prefix: "/admin/quota" });
 * ```
 */
export const quotaAdmin: FastifyPluginAsync<QuotaAdminOptions> = async (app, options) => {
  const access = resolveAccess(options);
  if (!app.hasDecorator("quota")) throw new QUOTA_NOT_REGISTERED();
  if (access !== undefined) {
    app.addHook("onReady", async () => {
      if (!isGuarded(app)) throw new QUOTA_ADMIN_UNPROTECTED(app.prefix || "/");
    });
  }
  const configOf = (rule: "read" | "write") =>
    access === undefined ? {} : { access: access[rule] };

  app.get<{ Querystring: Query }>(
    "/",
    { schema: { querystring }, config: configOf("read") },
    async ({ query }) => {
      const usages = await app.quota.usage(callerIn(query));
      return { policies: usages.filter(({ policy }) => policy === (query.policy ?? policy)) };
    },
  );
  app.delete<{ Querystring: Query }>(
    "/",
    { schema: { querystring }, config: configOf("write") },
    async (request) => {
      const caller = callerIn(request.query);
      const reset = await app.quota.reset(caller, request.query.policy);
      request.log.info({ caller, reset }, "quotas were reset");
      return { reset };
    },
  );
};

/**
 * Reads whose quotas a request is about. One that names nobody is refused: a misspelt name must not stand for
 * the counters of the server.
 */
function callerIn(query: Query): Caller {
  const given = WORDS.flatMap((word) => (query[word] === undefined ? [] : [[word, query[word]]]));
  if (given.length === 0 && query.server === undefined) throw new QUOTA_NO_CALLER();
  return Object.fromEntries(given);
}

function resolveAccess(options: QuotaAdminOptions): Required<QuotaAdminAccess> | undefined {
  const known = ["access", ...FASTIFYS];
  const read = optionReader(PACKAGE, QUOTA_INVALID_OPTION, options, known);
  const { access = {} } = options;
  if (access === false) return undefined;
  const fix = "Give { read, write } in the sense of config.access, or false.";
  if (typeof access !== "object" || access === null) return read.refuse("access", fix);
  const { read: reading, write: writing, ...rest } = access;
  if (Object.keys(rest).length > 0) return read.refuse("access", fix);
  return {
    read: reading ?? { scopes: ["quota:read"] },
    write: writing ?? { scopes: ["quota:write"] },
  };
}
