import { readFileSync } from "node:fs";

/** One fenced TypeScript block of a Markdown file. */
export interface ReadmeBlock {
  /** The line of its first line of code, from 1. */
  readonly line: number;
  readonly code: string;
  /** False for a block fenced as `ts no-run`. */
  readonly runs: boolean;
}

const FENCE = /^ {0,3}(?<marks>`{3,}|~{3,})(?<info>.*)$/;

/**
 * Reads the fenced `ts` blocks of a Markdown file. Blocks inside another, longer fence are text, and
 * belong to it.
 *
 * @throws on a fence whose info is neither `ts` nor `ts no-run`, so that a misspelt mark cannot keep
 *   a block from being run
 */
export function readmeBlocks(file: string): ReadmeBlock[] {
  const blocks: ReadmeBlock[] = [];
  let open: { marks: string; info: string; line: number; code: string[] } | undefined;
  for (const [index, text] of readFileSync(file, "utf8").split("\n").entries()) {
    const { marks, info } = FENCE.exec(text)?.groups ?? {};
    if (open === undefined) {
      if (marks !== undefined && info !== undefined) {
        open = { marks, info: info.trim(), line: index + 2, code: [] };
      }
    } else if (marks?.startsWith(open.marks) && info?.trim() === "") {
      if (/^(ts|typescript)\b/.test(open.info)) blocks.push(toBlock(file, open));
      open = undefined;
    } else {
      open.code.push(text);
    }
  }
  if (open !== undefined) throw new Error(`${file}:${open.line - 1}: this fence is never closed`);
  return blocks;
}

function toBlock(
  file: string,
  { info, line, code }: { info: string; line: number; code: string[] },
): ReadmeBlock {
  if (info !== "ts" && info !== "ts no-run") {
    throw new Error(`${file}:${line - 1}: "${info}" should be "ts", or "ts no-run" with a reason`);
  }
  return { line, code: `${code.join("\n")}\n`, runs: info === "ts" };
}
