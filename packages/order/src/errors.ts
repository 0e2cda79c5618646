import { createOptionError, type Finding, type OptionError } from "@enfilade/layer";
import createError, { type FastifyErrorConstructor } from "@fastify/error";

type Coded<Arguments extends unknown[]> = FastifyErrorConstructor<{ code: string }, Arguments>;

export const ORDER_INVALID_OPTION: OptionError = createOptionError("ORDER_INVALID_OPTION");

export const ORDER_NOT_AT_ROOT: Coded<[scope: string]> = createError(
  "ORDER_NOT_AT_ROOT",
  "@enfilade/order was registered in %s. Register it first, on the root instance: one line serves the whole app.",
  500,
);

export const ORDER_REGISTERED_AFTER_READY: Coded<[what: string]> = createError(
  "ORDER_REGISTERED_AFTER_READY",
  "%s came after the app was ready, and would reach no request. Register it before ready(), listen() and inject().",
  500,
);

export const ORDER_NOT_READY: Coded<[what: string]> = createError(
  "ORDER_NOT_READY",
  "app.order.%s was called before the line was solved. Call it after await app.ready().",
  500,
);

const REFUSED: Coded<[list: string]> = createError(
  "ORDER_REFUSED",
  "The line refuses to boot:\n%s",
  500,
);

/** The error that keeps an app from booting. It carries every finding, not only the first one. */
export interface OrderRefused extends Error {
  readonly code: string;
  readonly findings: readonly Finding[];
}

/** Makes the error of an audit that found errors. */
export function refuse(findings: readonly Finding[]): OrderRefused {
  const list = findings.map(({ code, where, why, fix }) => `- ${code} (${where}): ${why}. ${fix}`);
  return Object.assign(new REFUSED(list.join("\n")), { findings });
}
