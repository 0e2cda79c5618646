import { createOptionError, type OptionError } from "@enfilade/layer";
import createError, { type FastifyErrorConstructor } from "@fastify/error";

/** An option of the layer, of a rule or of a route is not valid. Thrown while the app boots. */
export const CLIENT_GATE_INVALID_OPTION: OptionError = createOptionError(
  "CLIENT_GATE_INVALID_OPTION",
);

/** Refuses a client, with the status and the message of the rule that it met: 403, unless the rule says otherwise. */
export const CLIENT_GATE_REFUSED: FastifyErrorConstructor<
  { code: "CLIENT_GATE_REFUSED" },
  [message: string]
> = createError("CLIENT_GATE_REFUSED", "%s", 403);

/** Fails a request, with status 500, about which a function of yours said neither true nor false. */
export const CLIENT_GATE_INVALID_VERDICT: FastifyErrorConstructor<
  { code: "CLIENT_GATE_INVALID_VERDICT" },
  [rule: string, received: string]
> = createError(
  "CLIENT_GATE_INVALID_VERDICT",
  "@enfilade/client-gate: the function of the rule %s gave %s. Let it return true or false, or a promise of one.",
  500,
  TypeError,
);
