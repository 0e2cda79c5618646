export { type AppOptions, bootWith, createApp, WAYS, type Way } from "./apps.ts";
export { inAnyOrder, outer, type Registration } from "./in-any-order.ts";
export { answerInEveryKind, KINDS, type Kind, withHeaders } from "./kinds.ts";
