/** What the fault tests have seen of one fault. */
export interface FaultRow {
  readonly fault: string;
  readonly local: string;
  readonly open: string;
  readonly closed: string;
  readonly slowestMs: number;
  /** From the end of the fault to the store's first decision. */
  readonly againMs: number;
  readonly after: string;
}

/** Renders the table of the README, between its marks. */
export function faultTable(
  rows: readonly FaultRow[],
  { calls, liveNodes, deadlineMs }: { calls: number; liveNodes: number; deadlineMs: number },
): string {
  const lines = rows.map(({ fault, local, open, closed, slowestMs, againMs, after }) =>
    row([fault, local, open, closed, inMs(slowestMs), inMs(againMs), after]),
  );
  return [
    "<!-- faults -->",
    `Written by \`test/faults.test.ts\`: ${calls} calls for each policy, one after the other, while the fault lasts; \`local\` has a burst of 20`,
    `shared by ${liveNodes} nodes, the deadline is ${deadlineMs} ms, and everything else is left at its default.`,
    "",
    row([
      "Fault",
      '`"local"` admits',
      '`"open"`',
      '`"closed"`',
      "slowest answer",
      "store decides again after",
      "counts afterwards",
    ]),
    row(["---", "---", "---", "---", "---", "---", "---"]),
    ...lines,
    "<!-- /faults -->",
  ].join("\n");
}

/** Everything but what differs from run to run: times, and who answered in harmless faults. */
export function shapeOf(markdown: string): string {
  const [table = ""] = /<!-- faults -->[\s\S]*<!-- \/faults -->/.exec(markdown) ?? [];
  return table
    .split("\n")
    .map((line) =>
      line.endsWith("| exact |") ? line.replace(/\|.*\| exact \|$/, "| … | exact |") : line,
    )
    .map((line) => line.replaceAll(/\d+ ms(?= \|)/g, "…"))
    .join("\n");
}

function inMs(ms: number): string {
  return `${Math.ceil(ms)} ms`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
