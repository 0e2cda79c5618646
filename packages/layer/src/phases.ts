/** The phases that a request meets on its way in, in the order in which Fastify runs them. */
export const INBOUND_PHASES = ["onRequest", "preParsing", "preValidation", "preHandler"] as const;

/**
 * The phases of the way out. Under an arrangement they run in reverse: the layer that a request met
 * last sees the response first. `onHeaders` and `onSettled` are Enfilade's own, the others Fastify's.
 */
export const OUTBOUND_PHASES = [
  "preSerialization",
  "onError",
  "onSend",
  "onHeaders",
  "onResponse",
  "onTimeout",
  "onRequestAbort",
  "onSettled",
] as const;

/** Every phase, inbound ones first. */
export const PHASES: readonly [...typeof INBOUND_PHASES, ...typeof OUTBOUND_PHASES] = [
  ...INBOUND_PHASES,
  ...OUTBOUND_PHASES,
];

/** One of {@link INBOUND_PHASES}. */
export type InboundPhase = (typeof INBOUND_PHASES)[number];
/** One of {@link OUTBOUND_PHASES}. */
export type OutboundPhase = (typeof OUTBOUND_PHASES)[number];
/** One Fastify hook name, or one of Enfilade's own phases `onHeaders` and `onSettled`. */
export type Phase = (typeof PHASES)[number];

const outbound: ReadonlySet<string> = new Set(OUTBOUND_PHASES);

/** Tells whether a phase belongs to the way out, where the line runs in reverse. */
export function isOutbound(phase: Phase): phase is OutboundPhase {
  return outbound.has(phase);
}

/** The phases that Fastify itself runs, as names that `addHook` takes. */
export type FastifyPhase = Exclude<Phase, "onHeaders" | "onSettled">;

const own: ReadonlySet<string> = new Set(["onHeaders", "onSettled"]);

/** Tells whether a phase is one of Fastify's own hooks. */
export function isFastifyPhase(phase: Phase): phase is FastifyPhase {
  return !own.has(phase);
}

/** Tells how many arguments a hook of a phase has, besides the callback that Fastify may add. */
export function argumentsOf(phase: Phase): number {
  switch (phase) {
    case "onRequestAbort":
      return 1;
    case "preParsing":
    case "preSerialization":
    case "onError":
    case "onSend":
    case "onSettled":
      return 3;
    default:
      return 2;
  }
}
