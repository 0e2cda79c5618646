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

const LIBRARY = {
  call: "redis.call",
  format: "string.format",
  pack: "cmsgpack.pack",
  parse: "cmsgpack.unpack",
  number: "tonumber",
  type: "type",
  floor: "math.floor",
  max: "math.max",
  min: "math.min",
};

/** Looks up once what a script calls, and not at every call. */
export function withAliases(lua: string): string {
  const used = Object.entries(LIBRARY).filter(([name]) => new RegExp(`\\b${name}\\(`).test(lua));
  const [names, values] = [used.map(([name]) => name), used.map(([, value]) => value)];
  return `local ${names.join(", ")} = ${values.join(", ")}\n${lua}`;
}

/**
 * Assembles the script that decides charges of exactly these forms, in this order.
 *
 * First every counter is read and weighed, then, only if all pass, every one is written: nothing is
 * written before the last thing that can fail.
 *
 * Answers for each charge `left, reset`, and for reservations three more for the position; or, where not
 * all pass, `ok, left, retry, reset`. Times are in microseconds, all of them whole, because a reply drops
 * fractions. Each number in it costs the server as much as some lines of Lua.
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
  return withAliases(`${[...shared].join("")}${weighs.join("")}
if not (${numbers.map((i) => `ok${i}`).join(" and ")}) then
${reads ? "" : repairs.join("")}  return ${numbers.map(refused).join(", ")}
end
${reads ? "" : writes.join("")}return ${numbers.map((i) => admitted(i, mode)).join(", ")}`);
}

function locals(i: number): string {
  const names = ["ok", "left", "taken", "retry", "reset", "later", "value", "a", "b", "c"];
  const values = ["false", "0", "0", "0", "0", "0", "nil", "0", "0", "0"];
  return `local ${names.map((name) => name + i).join(", ")} = ${values.join(", ")}`;
}

function refused(i: number): string {
  return `ok${i} and 1 or 0, left${i}, retry${i}, reset${i}`;
}

function admitted(i: number, mode: DecideMode): string {
  const position = mode === "reserve" ? `, a${i}, b${i}, c${i}` : "";
  return `left${i} - taken${i}, later${i}${position}`;
}
