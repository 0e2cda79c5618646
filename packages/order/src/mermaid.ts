import type { Door, LineView } from "./explain.ts";

/** Scopes from the root down; deeper ones than there are colours share the last. */
const FILLS = ["#e8eefc", "#e4f5ea", "#fdf0dc", "#f8e4ee", "#ece6fa"];

/** Draws the line of a route as a Mermaid flowchart: solid the way in, dotted the way out. */
export function toMermaid({ name, doors, kind }: LineView): string {
  const ids = ["client", ...doors.map((_, index) => `d${index + 1}`), "handler"];
  const pairs = ids.slice(1).map((id, index) => [ids[index] ?? "", id] as const);
  return [
    "---",
    // YAML, of which JSON is a part.
    `title: ${JSON.stringify(name)}`,
    "---",
    "flowchart LR",
    "  client([client])",
    ...doors.map((door, index) => `  d${index + 1}[${label(door)}]:::depth${depthOf(door)}`),
    `  handler([${kind === "route" ? "handler" : "not found"}])`,
    ...pairs.map(([from, to]) => `  ${from} --> ${to}`),
    ...pairs.toReversed().map(([from, to]) => `  ${to} -.-> ${from}`),
    ...FILLS.map((fill, depth) => `  classDef depth${depth} fill:${fill},stroke:#556,color:#112`),
  ].join("\n");
}

function depthOf({ depth }: Door): number {
  return Math.min(depth, FILLS.length - 1);
}

function label({ layer, place, scope }: Door): string {
  return `"${escapeLabel(layer)}<br/><small>${place} · ${escapeLabel(scope)}</small>"`;
}

/** Writes what could mean something to Mermaid, or to the HTML that it makes, by its number. */
function escapeLabel(text: string): string {
  return text.replaceAll(/[^\w /:.*@()-]/gu, (character) => `#${character.codePointAt(0)};`);
}
