import { findDialect } from "./dialects.ts";
import { resolveOptions, type Settings } from "./options.ts";
import { type Circumstances, callIdOf } from "./problem.ts";
import type { AnyRequest, Dialect } from "./types.ts";

const kSettings: unique symbol = Symbol.for("enfilade.errors");

interface Configured {
  [kSettings]?: Settings;
}

const defaults = resolveOptions({}, () => false);

/** Sets what holds in a scope and below. */
export function setSettings(app: object & Configured, settings: Settings): void {
  app[kSettings] = settings;
}

/** Gives what the nearest scope says; the defaults where the layer is not registered. */
export function settingsOf(app: (object & Configured) | undefined): Settings {
  return app?.[kSettings] ?? defaults;
}

/** Finds the dialect of a request: its route's, its path's, its scope's. */
export function dialectOf(request: AnyRequest, settings: Settings): Dialect {
  const { config, url } = request.routeOptions;
  const own = findDialect(config?.errors?.dialect);
  if (own !== undefined) return own;
  const path = url ?? pathOf(request.originalUrl);
  const match = settings.dialects.find(([start]) => path === start || path.startsWith(`${start}/`));
  return match?.[1] ?? settings.dialect;
}

/** Says what is known of a request's exchange. */
export function circumstancesOf(
  request: AnyRequest,
  status: number,
  { types }: Settings,
): Circumstances {
  return { status, requestId: String(request.id), callId: callIdOf(request.body), types };
}

/** Takes the path out of a request target, which may be an absolute URL or have a query. */
function pathOf(target: string): string {
  return /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)/i.exec(target)?.[1] ?? target;
}
