import type { Finding } from "@enfilade/layer";
import { isOfTheLine } from "./closing.ts";
import { found } from "./findings.ts";
import type { Line } from "./line.ts";
import { countHooks, nameOfRoute, type Route } from "./routes.ts";

/**
 * Finds hooks that a plugin which is no layer has put on routes. They stand outside the line: whatever the
 * plugin is for, they run after all layers on the way in, and before all of them on the way out.
 */
export function auditHooks({ routes }: Line): Finding[] {
  const groups = new Map<string, Route[]>();
  for (const route of routes) {
    const phases = phasesAdded(route).join(", ");
    if (phases !== "") groups.set(phases, [...(groups.get(phases) ?? []), route]);
  }
  return [...groups].map(([phases, group]) => outside(phases, group));
}

function phasesAdded({ options, hooks }: Route): string[] {
  const present = countHooks(options, (hook) => !isOfTheLine(hook));
  return [...present].flatMap(([phase, count]) => (count > (hooks.get(phase) ?? 0) ? [phase] : []));
}

function outside(phases: string, routes: readonly Route[]): Finding {
  const [first] = routes;
  const others = new Set(routes.map(({ url }) => url)).size - 1;
  return found(
    "ORDER_HOOK_OUTSIDE",
    `${first === undefined ? "" : nameOfRoute(first)}${others === 0 ? "" : ` and ${others} more`}`,
    `a plugin that is no layer adds hooks to it (${phases}): no place in the line decides when they run`,
    "Make a layer of the plugin: adopt(plugin, { name, place }).",
  );
}
