import type {
  FastifyInstance,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  RequestPayload,
  RouteOptions,
} from "fastify";
import type { PluginMetadata } from "fastify-plugin";
import type { Finding } from "./findings.ts";
import type { Phase } from "./phases.ts";
import type { Place } from "./places.ts";

/**
 * How an exchange ended.
 * - `completed`: the response was delivered whole, whatever its status (an upgraded connection: it closed in order).
 * - `aborted`: the client went away first.
 * - `errored`: the server broke the response off, after its headers or before any.
 */
export type Outcome = "completed" | "aborted" | "errored";

/** What an inbound hook may return: nothing, or the reply that it has sent. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook that returns nothing is the common case
export type Answer = void | undefined | FastifyReply;

type MaybePromise<T> = T | Promise<T>;

/**
 * The hooks of one layer: sync or async, no callback; `this` is the instance of the route. An inbound hook
 * answers by `return reply.send(…)`, and nothing further in runs. A payload hook that returns `undefined`
 * keeps the payload. Outbound hooks also run on responses that came about before this layer was reached.
 */
export interface LayerHooks {
  onRequest?(
    this: FastifyInstance,
    request: FastifyRequest,
    reply: FastifyReply,
  ): MaybePromise<Answer>;
  preParsing?(
    this: FastifyInstance,
    request: FastifyRequest,
    reply: FastifyReply,
    payload: RequestPayload,
    // biome-ignore lint/suspicious/noConfusingVoidType: nothing returned keeps the payload
  ): MaybePromise<RequestPayload | undefined | void>;
  preValidation?(
    this: FastifyInstance,
    request: FastifyRequest,
    reply: FastifyReply,
  ): MaybePromise<Answer>;
  preHandler?(
    this: FastifyInstance,
    request: FastifyRequest,
    reply: FastifyReply,
  ): MaybePromise<Answer>;
  preSerialization?(
    this: FastifyInstance,
    request: FastifyRequest,
    reply: FastifyReply,
    payload: unknown,
  ): unknown;
  onError?(
    this: FastifyInstance,
    request: FastifyRequest,
    reply: FastifyReply,
    error: Error,
  ): MaybePromise<void>;
  /** May run twice in one exchange (a stream that fails before its headers): be idempotent. */
  onSend?(
    this: FastifyInstance,
    request: FastifyRequest,
    reply: FastifyReply,
    payload: unknown,
  ): unknown;
  /**
   * Runs once, synchronously, right before the headers are written, on every kind of response:
   * plain, streamed, hijacked, written to `reply.raw`. The last moment for `reply.header`; the status is
   * settled by now. What it throws is logged.
   */
  onHeaders?(this: FastifyInstance, request: FastifyRequest, reply: FastifyReply): void;
  onResponse?(
    this: FastifyInstance,
    request: FastifyRequest,
    reply: FastifyReply,
  ): MaybePromise<void>;
  onTimeout?(
    this: FastifyInstance,
    request: FastifyRequest,
    reply: FastifyReply,
  ): MaybePromise<void>;
  onRequestAbort?(this: FastifyInstance, request: FastifyRequest): MaybePromise<void>;
  /**
   * Runs exactly once for every exchange, however it ends; closing the app waits for it. What it throws is
   * logged. It may run while an inbound hook of the same layer is still waiting: the client has gone.
   */
  onSettled?(
    this: FastifyInstance,
    request: FastifyRequest,
    reply: FastifyReply,
    outcome: Outcome,
  ): MaybePromise<void>;
}

/** The route that an `onRoute` of a layer looks at. */
export interface RouteView {
  /** The live options of the route; for a not-found handler, options made for it. */
  readonly options: RouteOptions & { routePath?: string; path?: string; prefix?: string };
  /** The instance that declared the route. */
  readonly instance: FastifyInstance;
  /** True when the route had been declared before the layer was loaded. */
  readonly late: boolean;
  /** True when this stands for a scope's not-found handler. */
  readonly notFound: boolean;
  /** Reports that the layer cannot do its work on this route. Under an arrangement the app refuses to boot. */
  unreachable(why: string): void;
}

/** What a layer's audit sees once everything is loaded. */
export interface AuditView {
  readonly instance: FastifyInstance;
  /** Every route that this layer reaches. */
  readonly routes: readonly AuditedRoute[];
}

/** One route, as a layer's audit sees it. */
export interface AuditedRoute {
  readonly method: string;
  readonly url: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** The names of the layers in this route's line, outermost first. */
  readonly layers: readonly string[];
}

/** What `setup` gives back: the hooks, and what concerns single routes or the whole app. */
export interface LayerSetup extends LayerHooks {
  /**
   * Steps for one route alone. Under an arrangement it is called for every route that the layer reaches and
   * for not-found handlers; without one as Fastify's `onRoute`, for routes that are declared after the layer.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: nothing returned adds nothing
  onRoute?(route: RouteView): readonly Step[] | undefined | void;
  /** Steps that run before its own hooks of the same phase: for a layer that hands on the hooks of another plugin. */
  readonly steps?: readonly Step[];
  /** Findings that only the whole app shows. Runs at ready, under an arrangement. */
  audit?(view: AuditView): Iterable<Finding>;
}

/**
 * Hard constraints of a layer, by names of layers or places. A name that nothing bears is an error; a
 * name that ends in a question mark (`"timing?"`) counts only where there is such a layer.
 */
export interface Constraints {
  /** Layers or places that must come further in. */
  readonly before?: readonly string[];
  /** Layers or places that must come further out. */
  readonly after?: readonly string[];
  /** Capabilities that this layer makes, such as `"principal"`. */
  readonly provides?: readonly string[];
  /** Capabilities that a layer further out must have made. */
  readonly requires?: readonly string[];
}

/** One cross-cutting concern, as data plus a pure `setup`. */
export interface LayerDefinition<Options extends object> extends Constraints {
  /** Unique along every path of scopes, in lower-case words joined by dashes. */
  readonly name: string;
  readonly place: Place;
  /** What Fastify knows of the plugin: its name, its dependencies. @defaultValue named as the layer */
  readonly plugin?: PluginMetadata;
  /** Validates the options once, decorates, and returns the hooks. */
  setup(app: FastifyInstance, options: Options): LayerSetup | Promise<LayerSetup>;
}

/** What one registration may add: `app.register(cors, { …, layer: { before: ["gate"] } })`. */
export interface LayerRegistration extends Constraints {
  /** Another name, so that one layer can stand in the line twice. */
  readonly name?: string;
  /** Another place. */
  readonly place?: Place;
  /** Replaces the layer of this name that an ancestor scope registered, in this scope and below. */
  readonly override?: boolean;
}

/** A layer as `app.register` takes it. */
export type Layer<Options extends object = object> = FastifyPluginAsync<
  Options & { layer?: LayerRegistration }
>;

/** One hook function in one phase. */
export interface Step {
  readonly phase: Phase;
  /** Foreign hooks may end by a callback, ours end by returning. */
  readonly style: "return" | "callback";
  /** The hook; the dispatcher of the phase knows its arguments. */
  run(...args: unknown[]): unknown;
}
