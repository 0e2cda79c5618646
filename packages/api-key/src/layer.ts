import { createAuthenticator, type Verdict, watchedFile } from "@enfilade/auth";
import { defineLayer, type Layer } from "@enfilade/layer";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { API_KEY_EXPIRED, API_KEY_INVALID, API_KEY_INVALID_OPTION } from "./errors.ts";
import { hashKey, isKey } from "./key.ts";
import { findKey, type KeySet, parseKeyFile } from "./key-set.ts";
import { createNoteUse } from "./last-use.ts";
import { createCachedLookup } from "./lookup.ts";
import { type ApiKeyOptions, PACKAGE, type ResolvedOptions, resolveOptions } from "./options.ts";
import { readKey } from "./read-key.ts";
import { readRecord, type StoredKey } from "./record.ts";

type Find = (hash: string) => StoredKey | undefined | Promise<StoredKey | undefined>;

/**
 * Finds out who is calling by an API key. Keys are kept and compared as hashes; they come from a list, a
 * file that may change while the server runs, or a lookup of yours. A bearer token that is none of ours
 * is left to other authenticators.
 *
 * @throws `API_KEY_INVALID_OPTION` (on registration) when an option, a record or the file is not valid.
 * @example
 * ```ts
 * await app.register(apiKey, { file: "/run/secrets/api-keys.json" });
 * await app.register(auth);
 * ```
 */
export const apiKey: Layer<ApiKeyOptions> = defineLayer<ApiKeyOptions>({
  name: "api-key",
  place: "authenticate",
  provides: ["principal"],
  plugin: { name: "@enfilade/api-key" },
  setup(app, options) {
    const settings = resolveOptions(options);
    const { sources, header, format, keyPrefix, now } = settings;
    const find = createFind(app, settings);
    const noteUse = createNoteUse(settings);

    function decide(
      stored: StoredKey | undefined,
      shared: boolean,
      request: FastifyRequest,
      hash: string,
    ): Verdict {
      if (stored === undefined) {
        const error = new API_KEY_INVALID();
        if (shared && format === "any") return error;
        throw error;
      }
      if (stored.expiresAt <= now()) throw new API_KEY_EXPIRED();
      noteUse?.(stored.principal.id, hash, request.log);
      return stored.principal;
    }

    return createAuthenticator(app, {
      kind: "api-key",
      challenge: sources.includes("bearer")
        ? { scheme: "Bearer" }
        : { scheme: "ApiKey", params: sources.includes("header") ? { header } : {} },
      authenticate(request) {
        const sent = readKey(request, settings);
        if (sent === null || sent instanceof Error) return sent;
        if (format === "own" && !isKey(sent.text, keyPrefix)) throw new API_KEY_INVALID();
        const hash = hashKey(sent.text);
        const stored = find(hash);
        return stored instanceof Promise
          ? stored.then((found) => decide(found, sent.shared, request, hash))
          : decide(stored, sent.shared, request, hash);
      },
      findings: () =>
        sources.includes("query")
          ? [
              {
                code: "API_KEY_IN_QUERY",
                severity: "warning",
                where: PACKAGE,
                why: "keys may come in the query, where proxies, browsers and logs keep them",
                fix: "Take them from a header, or keep these keys to callers that have no other way.",
              },
            ]
          : [],
    });
  },
});

/** Looks in the keys that are at hand first, and asks the lookup for all others. */
function createFind(app: FastifyInstance, settings: ResolvedOptions): Find {
  const { keys, lookup, cache, lookupTimeoutMs: timeoutMs, now } = settings;
  const file = openFile(app, settings);
  const atHand = (hash: string) => findKey(keys, hash) ?? (file && findKey(file.value, hash));
  if (lookup === undefined) return atHand;
  const read = (record: unknown) =>
    readRecord(record, (field, fix) => {
      throw new API_KEY_INVALID_OPTION(PACKAGE, `lookup().${field}`, "not valid", fix);
    });
  const ask = createCachedLookup(lookup, { ...cache, timeoutMs, now, read });
  return (hash) => atHand(hash) ?? ask(hash);
}

function openFile(
  app: FastifyInstance,
  { file: path, fileIntervalMs: intervalMs }: ResolvedOptions,
): { readonly value: KeySet } | undefined {
  if (path === undefined) return undefined;
  const refuse = (where: string, fix: string): never => {
    throw new API_KEY_INVALID_OPTION(PACKAGE, `file${where}`, "not valid", fix);
  };
  const file = open();
  app.addHook("onClose", async () => file.close());
  return file;

  function open() {
    try {
      return watchedFile<KeySet>(path as string, {
        parse: (text) => parseKeyFile(text, refuse),
        intervalMs,
        onChange: ({ size }) => app.log.info({ keys: size }, "the API keys were read again"),
        onError: (err) =>
          app.log.error({ err }, "the file of API keys is not valid; the old keys stay"),
      });
    } catch (error) {
      if (error instanceof API_KEY_INVALID_OPTION) throw error;
      return refuse("", `It cannot be read: ${(error as Error).message}.`);
    }
  }
}
