/** What the fault tests have seen of one fault. */
export interface FaultRow {
  readonly fault: string;
  readonly local: string;
  readonly open: string;
  readonly closed: string;
  readonly slowestMs: number;
  readonly after: string;
}

/** Renders the table of the README, between its marks. */
export function faultTable(
  rows: readonly FaultRow[],
  { calls, liveNodes, deadlineMs }: { calls: number; liveNodes: number; deadlineMs: number },
): string {
  const lines = rows.map(({ fault, local, open, closed, slowestMs, after }) =>
    row([fault, local, open, closed, `${Math.ceil(slowestMs)} ms`, after]),
  );
  return [
    "<!-- faults -->",
    `Written by \`test/faults.test.ts\`: ${calls} calls for each policy, one after the other, while the fault`,
    `lasts; \`local\` has a burst of 20 shared by ${liveNodes} nodes, and the deadline is ${deadlineMs} ms.`,
    "",
    row([
      "Fault",
      '`"local"` admits',
      '`"open"`',
      '`"closed"`',
      "slowest answer",
      "counts afterwards",
    ]),
    row(["---", "---", "---", "---", "---", "---"]),
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
    .map((line) => line.replace(/\| \d+ ms \|/, "| … |"))
    .join("\n");
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
