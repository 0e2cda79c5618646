import type { LineView } from "./explain.ts";

const HEAD = ["", "place", "layer", "scope", "in ↓", "out ↑", "because"] as const;

/** Writes the line of a route as an aligned table. */
export function toText(view: LineView): string {
  return [`${view.name}   (scope ${view.scope})`, "", ...table(view), ...leftOut(view)].join("\n");
}

/** Writes the doors of a line as the rows of a table, the handler last. */
function table({ doors, kind }: LineView): string[] {
  const rows = doors.map((door, index) => [
    String(index + 1),
    door.place,
    door.layer,
    door.scope,
    door.inward.join(" ") || "·",
    door.outward.join(" ") || "·",
    door.because,
  ]);
  const end = ["", "handle", kind === "route" ? "the route" : "the not-found handler"];
  const all = [[...HEAD], ...rows, end];
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd(),
  );
}

function leftOut({ leftOut }: LineView): string[] {
  if (leftOut.length === 0) return [];
  return ["", ...leftOut.map(({ layer, scope, why }) => `  not ${layer} (${scope}): ${why}`)];
}

/** Writes several lines, those with the same doors under one table. */
export function toGroupedText(views: readonly LineView[]): string {
  const groups = new Map<string, LineView[]>();
  for (const view of views) {
    const key = [...table(view), ...leftOut(view)].join("\n");
    groups.set(key, [...(groups.get(key) ?? []), view]);
  }
  return [...groups]
    .map(([text, group]) => [...group.map(({ name }) => name), "", text].join("\n"))
    .join("\n\n");
}
