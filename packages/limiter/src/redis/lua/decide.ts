import type { PolicyKind } from "../../policies/policy.ts";
import type { DecideMode } from "../../store.ts";
import { BUDGET } from "./budget.ts";
import type { Fragment, Place } from "./fragment.ts";
import { GCRA, WHOLE_GCRA } from "./gcra.ts";
import { LEASES } from "./leases.ts";
import { STRICT_WINDOW } from "./strict-window.ts";

/** What there is Lua for: the kinds of policies, and a shorter one for most gcra. */
export type Form = PolicyKind | "whole-gcra";

/** One letter for each form, in arguments and in the names of scripts. */
export const LETTERS: Readonly<Record<Form, string>> = {
  gcra: "g",
  "whole-gcra": "h",
  "strict-window": "w",
  budget: "b",
  concurrency: "c",
};

export const FRAGMENTS: Readonly<Record<Form, Fragment>> = {
  gcra: GCRA,
  "whole-gcra": WHOLE_GCRA,
  "strict-window": STRICT_WINDOW,
  budget: BUDGET,
  concurrency: LEASES,
};

/** What is looked up once, and not at every use. */
export const ALIASES = `local call, format = redis.call, string.format
local floor, max, min = math.floor, math.max, math.min
`;

/**
 * Assembles the script that decides charges of exactly these forms, in this order.
 *
 * First every counter is read and weighed, then, only if all pass, every one is written: nothing is
 * written before the last thing that can fail.
 *
 * Answers `{ pass, and for each charge: ok, left, retry, reset }`, and for reservations three more for
 * the position; times in microseconds, all of them whole, because a reply drops fractions.
 */
export function decideLua(forms: readonly Form[], mode: DecideMode): string {
  let argument = 1;
  const charges = forms.map((form, index): { fragment: Fragment; place: Place } => {
    const from = argument;
    const fragment = FRAGMENTS[form];
    argument += fragment.width;
    const place: Place = {
      number: index + 1,
      mode,
      key: `KEYS[${index + 1}]`,
      argument: (offset) => `ARGV[${from + offset}]`,
    };
    return { fragment, place };
  });
  const numbers = charges.map(({ place }) => place.number);
  const shared = new Set(charges.map(({ fragment }) => fragment.shared ?? ""));
  const weighs = charges.map(
    ({ fragment, place }) => `${locals(place.number)}\ndo${fragment.weigh(place)}\nend\n`,
  );
  const repairs = numbers.map(
    (i) =>
      `  if call('PTTL', KEYS[${i}]) == -1 then call('PEXPIRE', KEYS[${i}], floor(reset${i} / 1000) + 1) end\n`,
  );
  const writes = charges.map(({ fragment, place }) => `${fragment.write(place)}\n`);
  const reads = mode === "peek";
  return `${ALIASES}${[...shared].join("")}${weighs.join("")}
if not (${numbers.map((i) => `ok${i}`).join(" and ")}) then
${reads ? "" : repairs.join("")}  return ${reply(numbers, mode, false)}
end
${reads ? "" : writes.join("")}return ${reply(numbers, mode, true)}`;
}

function locals(i: number): string {
  const names = ["ok", "left", "taken", "retry", "reset", "later", "value", "a", "b", "c"];
  const values = ["false", "0", "0", "0", "0", "0", "nil", "0", "0", "0"];
  return `local ${names.map((name) => name + i).join(", ")} = ${values.join(", ")}`;
}

function reply(numbers: readonly number[], mode: DecideMode, pass: boolean): string {
  const items = numbers.flatMap((i) => [
    pass ? "1" : `ok${i} and 1 or 0`,
    pass ? `left${i} - taken${i}` : `left${i}`,
    `retry${i}`,
    pass ? `later${i}` : `reset${i}`,
    ...(mode === "reserve" ? [`a${i}`, `b${i}`, `c${i}`] : []),
  ]);
  return `{ ${[pass ? "1" : "0", ...items].join(", ")} }`;
}
