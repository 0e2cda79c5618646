import { describeValue } from "@enfilade/layer";
import { SECURITY_HEADERS_INVALID_OPTION } from "./errors.ts";

/**
 * Refuses an option: names it from the outside in, shows what was received, says what would do.
 *
 * @throws `SECURITY_HEADERS_INVALID_OPTION`
 */
export type Refuse = (option: string, received: unknown, fix: string) => never;

/** Stands for the value of an option that is not known, which may be a secret. */
export const UNKNOWN: unique symbol = Symbol("unknown");

/** Refuses the item of a list that is at fault; the whole where it is no list, or no item is (`-1`). */
export function refuseIn(
  option: string,
  received: unknown,
  index: number,
  fix: string,
  refuse: Refuse,
): never {
  if (!Array.isArray(received) || index === -1) return refuse(option, received, fix);
  return refuse(`${option}[${index}]`, received[index], fix);
}

/** Builds a {@link Refuse} for the options of one registration, or of one route. */
export function refusalOf(where: string): Refuse {
  return (option, received, fix) => {
    const shown = received === UNKNOWN ? "unknown" : describeValue(received);
    throw new SECURITY_HEADERS_INVALID_OPTION(where, option, shown, fix);
  };
}
