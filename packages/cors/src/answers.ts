import type { Settings } from "./options.ts";

/** The options of the engine for one kind of answer, where it looks for those of a route. */
interface EngineRoute {
  readonly config: { readonly cors: Readonly<Record<string, unknown>> };
}

/** What an answer says of CORS, worked out before the request. */
export interface Answer {
  readonly route: EngineRoute;
  /** What `Access-Control-Allow-Origin` says: the star, the request's own origin, or nothing. */
  readonly allows: "everybody" | "origin" | "nobody";
  readonly credentials: boolean;
}

/** Prepares the three answers of a policy. The engine never sees an origin that has not been judged. */
export function createAnswers(settings: Settings): {
  readonly granted: Answer;
  readonly preflight: Answer;
  readonly denied: Answer;
} {
  const { rules, credentials, methods, allowedHeaders, exposedHeaders, maxAgeSeconds } = settings;
  const open = rules === undefined;
  const allows = open ? "everybody" : "origin";
  const common = {
    // `true` makes the engine give the origin back that the request came with, and vary by it.
    origin: open ? "*" : true,
    credentials,
    exposedHeaders,
    methods,
    allowedHeaders,
    maxAge: maxAgeSeconds,
    cacheControl: null,
    preflightContinue: false,
    optionsSuccessStatus: 204,
    strictPreflight: true,
  };
  // An empty list lets nobody in, and varies by the origin as every list does.
  const denied = { ...common, origin: [], credentials: false, exposedHeaders: null };
  return {
    granted: { route: routeOf({ ...common, preflight: false }), allows, credentials },
    // Nothing can be read of the answer to a preflight: there is nothing to expose.
    preflight: {
      route: routeOf({ ...common, exposedHeaders: null, preflight: true }),
      allows,
      credentials,
    },
    denied: {
      route: routeOf({ ...denied, preflight: false }),
      allows: "nobody",
      credentials: false,
    },
  };
}

function routeOf(cors: Readonly<Record<string, unknown>>): EngineRoute {
  return { config: { cors } };
}
