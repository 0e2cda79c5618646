import { arrangementOf, layersAlone, setArrangement } from "@enfilade/layer/arranging";
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { audit } from "./audit.ts";
import { dispatch } from "./dispatch.ts";
import { ORDER_INVALID_OPTION, ORDER_NOT_AT_ROOT, refuse } from "./errors.ts";
import { found } from "./findings.ts";
import { Line } from "./line.ts";
import { scopeOf } from "./scope.ts";
import { viewOf } from "./view.ts";
import { watch } from "./watch.ts";

/**
 * Puts every layer that is registered from now on, in any scope and in any order, into one line. What
 * `await app.register(order)` does later, this does at once: for factories that cannot await.
 *
 * @throws `ORDER_NOT_AT_ROOT` when the instance is not the root.
 * @example
 * ```ts
 * const app = Fastify();
 * arrange(app);
 * app.register(cors, { origin: "https://app.example" });
 * app.get("/", async () => ({ hello: "world" }));
 * ```
 */
export function arrange(app: FastifyInstance): void {
  const scope = scopeOf(app);
  if (scope.parent !== undefined) throw new ORDER_NOT_AT_ROOT(scope.name);
  const present = arrangementOf(app);
  if (present instanceof Line) {
    present.faults.push(registeredTwice());
    return;
  }
  const line = new Line(app);
  for (const { name, instance } of layersAlone(app)) {
    line.faults.push(registeredBefore(`${name} in ${scopeOf(instance).name}`));
  }
  if (line.hasEarlyRoutes) line.faults.push(notAwaited());

  const dispatcher = dispatch(app, line);
  watch(app, line, dispatcher);
  line.onSteps = dispatcher.use;
  app.decorate("order", {
    getter() {
      return viewOf(line, this as FastifyInstance);
    },
  });
  app.addHook("onReady", async () => {
    line.findings = audit(line);
    const errors = line.findings.filter(({ severity }) => severity === "error");
    if (errors.length > 0) throw refuse(errors);
    for (const { code, severity, where, why, fix } of line.findings) {
      if (severity === "warning") app.log.warn({ code, where, fix }, why);
    }
  });
  setArrangement(app, line);
}

// Asynchronous, so that what it throws rejects ready(): out of a plugin with a callback it would end the process.
const plugin: FastifyPluginAsync = async (app, options) => {
  const [option] = Object.keys(options);
  if (option !== undefined) {
    throw new ORDER_INVALID_OPTION("@enfilade/order", option, "unknown", "It takes no options.");
  }
  arrange(app);
};

/**
 * The plugin: register it first, on the root instance, and await it. Layers then run in the order of
 * their places and constraints, whatever the order of the `register` calls.
 *
 * @throws `ORDER_INVALID_OPTION` when it is given options: what a line is made of, the layers say.
 * @throws `ORDER_NOT_AT_ROOT` when the instance is not the root.
 * @throws `ORDER_REFUSED` (from `app.ready()`) with every finding that is an error.
 * @example
 * ```ts
 * const app = Fastify();
 * await app.register(order);
 * await app.register(timing);
 * await app.register(requestId);
 * await app.ready();
 * console.log(app.order.explain("GET", "/").toText());
 * ```
 */
export const order: FastifyPluginAsync = fastifyPlugin(plugin, {
  name: "@enfilade/order",
  fastify: "5.x",
});

function registeredTwice() {
  return found(
    "ORDER_REGISTERED_TWICE",
    "root",
    "@enfilade/order was registered twice",
    "Register it once, first of all, on the root instance.",
  );
}

function registeredBefore(where: string) {
  return found(
    "ORDER_LAYER_BEFORE_ORDER",
    where,
    "it was registered before @enfilade/order, and stands outside the line",
    "Register @enfilade/order first.",
  );
}

function notAwaited() {
  return found(
    "ORDER_NOT_AWAITED",
    "root",
    "routes were declared before @enfilade/order had loaded: the layers reach them, but before response hooks that were added until then, and nobody checks what their config asks for",
    "Write await app.register(order), or call arrange(app) where nothing can be awaited.",
  );
}
