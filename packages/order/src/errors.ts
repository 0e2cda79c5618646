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

export const ORDER_AMBIGUOUS_ROUTE: Coded<[asked: string, routes: string]> = createError(
  "ORDER_AMBIGUOUS_ROUTE",
  "%s may lead to more than one route: %s. Say what the request brings: explain(method, url, { constraints: { host: … } }), or {} where it brings nothing.",
  500,
);

export const ORDER_UNKNOWN_CONSTRAINT: Coded<[name: string, known: string]> = createError(
  "ORDER_UNKNOWN_CONSTRAINT",
  'The line knows no constraint "%s", only %s. Correct the name; or add its strategy with app.addConstraintStrategy(), after @enfilade/order.',
  500,
);

export const ORDER_URL_REFUSED: Coded<[url: string]> = createError(
  "ORDER_URL_REFUSED",
  "No layer meets a request for %s: Fastify refuses it before any hook, because it does not parse or a parameter of it is longer than maxParamLength.",
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
