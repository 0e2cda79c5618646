import type { Door, LineView } from "./explain.ts";

/* An enfilade seen from the side: the doors stand in one line, the way in and the way out lead through all. */

/** The least distance between two doors; long names need more. */
const PITCH = 118;
/** The widths of a letter in a title, in a name and in a note, measured generously. */
const LETTER = { title: 9.5, name: 8, note: 6.5 };
const LEFT = 96;
const TOP = 58;
const FLOOR = 196;
const WAY_IN = 132;
const WAY_OUT = 166;
const ROW = 13;
/** From this many doors on the texts of every second one stand a storey lower: a page is only so wide. */
const CROWD = 9;
/** Scopes from the root down; deeper ones than there are colours share the last. */
const COLOURS = ["#3b5bdb", "#2b8a3e", "#c2590a", "#b02a6b", "#6741d9"];

const STYLE = `
  .sheet { fill: #ffffff } .ink { fill: #1b1f2a } .soft { fill: #667085 }
  .floor { stroke: #c9cfda } .in { stroke: #1b1f2a } .out { stroke: #98a1b3 }
  text { font: 12px ui-sans-serif, system-ui, sans-serif; text-anchor: middle }
  .title { font-size: 15px; font-weight: 600; text-anchor: start } .name { font-weight: 600 }
  .small { font-size: 10px } .start { text-anchor: start }
  @media (prefers-color-scheme: dark) {
    .sheet { fill: #14171f } .ink { fill: #eef1f7 } .soft { fill: #9aa4b8 }
    .floor { stroke: #3a4152 } .in { stroke: #eef1f7 } .out { stroke: #7c869b }
  }`;

/** Where a door stands, and where its texts do. */
interface Spot {
  readonly x: number;
  /** Half of the width of its opening. */
  readonly half: number;
  /** How much lower its texts stand than those of the others. */
  readonly drop: number;
}

/** Draws the line of a route; the result is a complete SVG file that needs nothing else. */
export function toSvg(view: LineView): string {
  const { doors, name, scope } = view;
  const apart = Math.max(PITCH, ...doors.map(({ layer }) => layer.length * LETTER.name + 14));
  const spots = spotsOf(doors, apart);
  const last = spots.at(-1);
  const end = 50 + (last === undefined ? LEFT : last.x + apart / 2);
  const width = Math.max(
    end + 110,
    name.length * LETTER.title + 40,
    ...doors.map((door) => noteOn(door, scope).length * LETTER.note + 60),
  );
  const depths = doors.map((door, index) => (spots[index]?.drop ?? 0) + hooksOf(door).length * ROW);
  const height = FLOOR + 58 + Math.max(0, ...depths) + legendOf(doors).length * 18;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeXml(`The line of ${name}`)}</title>`,
    `<style>${STYLE}</style>`,
    arrowHeads(),
    `<rect class="sheet" width="${width}" height="${height}" rx="10"/>`,
    `<text class="ink title" x="20" y="32">${escapeXml(name)}</text>`,
    `<line class="floor" x1="20" y1="${FLOOR}" x2="${width - 20}" y2="${FLOOR}" stroke-width="1.5"/>`,
    way("in", 62, end, WAY_IN),
    way("out", end, 62, WAY_OUT),
    `<text class="ink" x="38" y="${WAY_IN + 4}">in</text>`,
    `<text class="soft" x="38" y="${WAY_OUT + 4}">out</text>`,
    ...doors.flatMap((door, index) => drawDoor(door, spots[index])),
    drawRoom(view, end + 48),
    ...legend(doors, height, scope),
    "</svg>",
  ].join("\n");
}

/** Texts that are next to each other in a storey have so much room. */
function spotsOf(doors: readonly Door[], apart: number): Spot[] {
  const storeys = doors.length < CROWD ? 1 : 2;
  const pitch = apart / storeys;
  const upper = doors.filter((_door, index) => index % storeys === 0);
  const lower = Math.max(0, ...upper.map((door) => hooksOf(door).length)) * ROW + 24;
  return doors.map((_door, index) => ({
    x: LEFT + index * pitch + apart / 2,
    half: storeys === 1 ? 25 : 19,
    drop: index % storeys === 0 ? 0 : lower,
  }));
}

function hooksOf({ inward, outward }: Door): string[] {
  return [...inward.map((phase) => `→ ${phase}`), ...outward.map((phase) => `← ${phase}`)];
}

function arrowHeads(): string {
  return ["in", "out"]
    .map(
      (way) =>
        `<marker id="${way}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path class="${way}" d="M0 1 L9 5 L0 9" fill="none" stroke-width="1.6"/></marker>`,
    )
    .join("");
}

function way(direction: "in" | "out", from: number, to: number, y: number): string {
  return `<line class="${direction}" x1="${from}" y1="${y}" x2="${to}" y2="${y}" stroke-width="1.6" marker-end="url(#${direction})"/>`;
}

/** One door: an arch in the colour of its scope, its place above, its hooks below. */
function drawDoor(door: Door, spot: Spot | undefined): string[] {
  if (spot === undefined) return [];
  const { x, half, drop } = spot;
  const colour = colourOf(door.depth);
  const name = FLOOR + 20 + drop;
  const arch = `M${x - half} ${FLOOR} V${TOP + 21 + half} a${half} ${half} 0 0 1 ${2 * half} 0 V${FLOOR}`;
  const hooks = hooksOf(door).map(
    (hook, row) =>
      `<text class="soft small" x="${x}" y="${name + 16 + row * ROW}">${escapeXml(hook)}</text>`,
  );
  return [
    [
      "<g>",
      `<title>${escapeXml(`${door.layer}: ${door.because}`)}</title>`,
      `<path d="${arch}" fill="${colour}" fill-opacity="0.09" stroke="${colour}" stroke-width="5"/>`,
      // What leads from the door down to its texts.
      drop > 0 ? `<path class="floor" d="M${x} ${FLOOR + 6} V${name - 14}"/>` : "",
      `<text class="soft small" x="${x}" y="${TOP + (drop > 0 ? -5 : 8)}">${escapeXml(door.place)}</text>`,
      `<text class="ink name" x="${x}" y="${name}">${escapeXml(door.layer)}</text>`,
      ...hooks,
      "</g>",
    ].join(""),
  ];
}

function drawRoom({ kind }: LineView, x: number): string {
  const label = kind === "route" ? "the route" : "not found";
  return `<rect x="${x - 40}" y="${TOP + 21}" width="80" height="${FLOOR - TOP - 21}" class="floor" fill="none" stroke-width="1.5"/><text class="ink name" x="${x}" y="${FLOOR + 20}">${label}</text>`;
}

/** The scopes that have a door, outermost first. */
function legendOf(doors: readonly Door[]): Door[] {
  const scopes = new Map(doors.map((door) => [door.scope, door]));
  return [...scopes.values()].toSorted((a, b) => a.depth - b.depth);
}

function legend(doors: readonly Door[], height: number, scope: string): string[] {
  const entries = legendOf(doors);
  return entries.map((door, index) => {
    const y = height - 16 - (entries.length - 1 - index) * 18;
    return `<rect x="20" y="${y - 9}" width="11" height="11" rx="2" fill="${colourOf(door.depth)}"/><text class="soft small start" x="38" y="${y}">${escapeXml(noteOn(door, scope))}</text>`;
  });
}

function noteOn(door: Door, scope: string): string {
  return `scope ${door.scope}${door.scope === scope ? ", the route's own" : ""}`;
}

function colourOf(depth: number): string {
  return COLOURS[Math.min(depth, COLOURS.length - 1)] ?? "";
}

function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
