/* Small multiples: for each contender what it admitted second by second, and in the last window. */

/** One row of the drawing. */
export interface Row {
  readonly title: string;
  readonly note: string;
  /** What came, or was admitted, in each second. */
  readonly bars: readonly number[];
  /** What counts against the limit at the end of each second. */
  readonly line?: readonly number[];
  readonly limit?: number;
  readonly ours: boolean;
}

const LEFT = 250;
const PITCH = 2.6;
const ROW = 74;
const TOP = 66;
const PLOT = 50;
/** Twice the limit has to find room. */
const MOST = 130;
const BARS_MOST = 60;

const STYLE = `
  .sheet { fill: #ffffff } .ink { fill: #1b1f2a } .soft { fill: #667085 }
  .base { stroke: #c9cfda } .limit { stroke: #667085; stroke-dasharray: 4 3 }
  .bar { fill: #c9cfda } .ours { stroke: #2b8a3e } .theirs { stroke: #c2590a }
  .line { fill: none; stroke-width: 1.8; stroke-linejoin: round }
  text { font: 12px ui-sans-serif, system-ui, sans-serif }
  .title { font-size: 15px; font-weight: 600 } .name { font-weight: 600 } .small { font-size: 11px }
  @media (prefers-color-scheme: dark) {
    .sheet { fill: #14171f } .ink { fill: #eef1f7 } .soft { fill: #9aa4b8 }
    .base, .bar { stroke: #3a4152 } .bar { fill: #3a4152; stroke: none } .limit { stroke: #9aa4b8 }
    .ours { stroke: #69db7c } .theirs { stroke: #ffa94d }
  }`;

/** Draws rows over the same seconds; the result is a complete SVG file. */
export function draw(title: string, subtitle: string, rows: readonly Row[]): string {
  const seconds = Math.max(...rows.map(({ bars }) => bars.length));
  const width = Math.round(LEFT + seconds * PITCH + 60);
  const height = TOP + rows.length * ROW + 34;
  const marks = Array.from({ length: Math.floor(seconds / 60) + 1 }, (_, minute) => minute * 60);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${title}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="sheet" width="${width}" height="${height}" rx="10"/>`,
    `<text class="ink title" x="20" y="30">${title}</text>`,
    `<text class="soft" x="20" y="50">${subtitle}</text>`,
    ...rows.map((row, index) => drawRow(row, TOP + index * ROW, seconds)),
    ...marks.map(
      (at) =>
        `<text class="soft small" text-anchor="middle" x="${x(at)}" y="${height - 14}">${at} s</text>`,
    ),
    "</svg>",
    "",
  ].join("\n");
}

function drawRow(row: Row, top: number, seconds: number): string {
  const base = top + PLOT + 14;
  const y = (value: number) => round(base - (Math.min(value, MOST) / MOST) * PLOT);
  const bars = row.bars.flatMap((count, second) => {
    if (count === 0) return [];
    const tall = round((Math.min(count, BARS_MOST) / BARS_MOST) * PLOT);
    return `M${x(second)} ${base}v-${tall}h2.2v${tall}z`;
  });
  const points = row.line
    ?.flatMap((value, second, line) => {
      const flat = value === line[second - 1] && value === line[second + 1];
      return flat ? [] : `${x(second + 1)},${y(value)}`;
    })
    .join(" ");
  const kind = row.ours ? "ours" : "theirs";
  return [
    `<text class="ink name" x="20" y="${base - 30}">${row.title}</text>`,
    `<text class="soft small" x="20" y="${base - 13}">${row.note}</text>`,
    `<path class="bar" d="${bars.join("")}"/>`,
    `<line class="base" x1="${LEFT}" y1="${base}" x2="${x(seconds)}" y2="${base}"/>`,
    ...(row.limit === undefined
      ? []
      : [
          `<line class="limit" x1="${LEFT}" y1="${y(row.limit)}" x2="${x(seconds)}" y2="${y(row.limit)}"/>`,
          `<text class="soft small" x="${x(seconds) + 6}" y="${y(row.limit) + 4}">${row.limit}</text>`,
        ]),
    ...(points === undefined ? [] : [`<polyline class="line ${kind}" points="${points}"/>`]),
  ].join("\n");
}

function x(second: number): number {
  return round(LEFT + second * PITCH);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
