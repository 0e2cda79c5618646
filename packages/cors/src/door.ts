import { type Answer, isPreflight, type Step } from "@enfilade/layer";
import { arrangementOf } from "@enfilade/layer/arranging";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Engine } from "./engine.ts";
import { answerPreflight } from "./preflight.ts";
import { type Territory, territoryOf } from "./territory.ts";

const kDoor: unique symbol = Symbol("enfilade.cors.door");

type Root = FastifyInstance & { [kDoor]?: true };

/**
 * Lets preflights through to a scope that has CORS when the root has none. They meet the not-found handler, which is
 * the root's: no route is there for them. Routes of other scopes are not answered for.
 */
export function openDoor(app: FastifyInstance, territory: Territory, engine: Engine): void {
  const root: Root = territory.root;
  if (app === root || root[kDoor]) return;
  root[kDoor] = true;
  const pass = (request: FastifyRequest, reply: FastifyReply) =>
    isPreflight(request) && territoryOf(request.server) === undefined
      ? answerPreflight(territory.book, undefined, engine, request, reply)
      : undefined;

  const arrangement = arrangementOf(root);
  if (arrangement === undefined) {
    root.addHook("onRequest", async (request, reply): Promise<Answer> => pass(request, reply));
    return;
  }
  const step: Step = { phase: "onRequest", style: "return", run: pass as Step["run"] };
  arrangement.add(root, {
    name: "cors-door",
    place: "share",
    before: [],
    after: [],
    provides: [],
    requires: [],
    override: false,
    steps: [],
    onRoute: ({ options, notFound }) =>
      notFound || [options.method].flat().includes("OPTIONS") ? [step] : [],
    audit: undefined,
  });
}
