import { watchedFile } from "@enfilade/auth";
import type { FastifyInstance } from "fastify";
import { readJwks } from "./jwks.ts";
import { chooseKeys, joinSources, type KeySource, staticKeys } from "./key-source.ts";
import { type ResolvedOptions, refuseOption } from "./options.ts";
import { RemoteKeys } from "./remote-keys.ts";

/**
 * Opens everything that keys come from, for as long as the app lives.
 *
 * @throws `JWT_INVALID_OPTION` when the file of keys cannot be read.
 */
export function openKeys(app: FastifyInstance, options: ResolvedOptions): KeySource {
  const { keys, jwks } = options;
  if (jwks === undefined) return staticKeys(keys);
  const others = jwks.file === undefined ? openRemote(app, options) : openFile(app, options);
  return keys.length === 0 ? others : joinSources(staticKeys(keys), others);
}

function openRemote(app: FastifyInstance, { jwks, algorithms, now }: ResolvedOptions): KeySource {
  const { url, refreshSeconds, cooldownSeconds, maxStaleSeconds, timeoutMs } = jwks ?? refuseUrl();
  const remote = new RemoteKeys({
    url: url ?? refuseUrl(),
    algorithms,
    refreshSeconds,
    cooldownSeconds,
    maxStaleSeconds,
    timeoutMs,
    now,
    warn: (details, message) => app.log.warn(details, message),
  });
  // The first request shall not have to wait, and an issuer that is down shall not keep the server from starting.
  app.addHook("onReady", async () => {
    void remote.refresh();
  });
  app.addHook("onClose", async () => remote.close());
  return remote;
}

function openFile(app: FastifyInstance, { jwks, algorithms }: ResolvedOptions): KeySource {
  const path = jwks?.file ?? refuseUrl();
  let epoch = 0;
  try {
    const file = watchedFile(path, {
      parse(text) {
        const { keys, skipped } = readJwks(text, algorithms, true);
        // A file is written by hand: what cannot be used there is a mistake.
        if (skipped.length > 0) throw new Error(skipped.join(" "));
        return keys;
      },
      intervalMs: jwks?.fileIntervalMs ?? 2_000,
      onChange(keys) {
        epoch += 1;
        app.log.info({ keys: keys.length }, "the JWK Set was read again");
      },
      onError: (err) => app.log.error({ err }, "the JWK Set is not valid; the old keys stay"),
    });
    app.addHook("onClose", async () => file.close());
    return {
      get epoch() {
        return epoch;
      },
      isUsable: () => true,
      find: (kid, algorithm) => chooseKeys(file.value, kid, algorithm),
    };
  } catch (error) {
    return refuseOption("jwks.file", `It cannot be used: ${(error as Error).message}`);
  }
}

function refuseUrl(): never {
  return refuseOption("jwks.url", "Give a url or a file.");
}
