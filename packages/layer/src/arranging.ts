/** What an arrangement is built of; `@enfilade/order` is one. Concerns have no need of it. */
export { layersAlone } from "./alone-layers.ts";
export { watchReplies } from "./answers.ts";
export {
  type Arrangement,
  arrangementOf,
  type PlacedLayer,
  setArrangement,
} from "./arrangement.ts";
export { beginExchange, type Endings, Exchange } from "./exchange.ts";
export { fastifyHook, type Lookup } from "./hooks.ts";
export { type Passage, passageOf } from "./passage.ts";
export { type FastifyPhase, isFastifyPhase } from "./phases.ts";
export { followExchanges } from "./settling.ts";
export { inPhase } from "./steps.ts";
export { announce, answer, fail, lose } from "./track.ts";
export { type Done, walkPayload } from "./walk.ts";
