import { marked, type Token } from "marked";
import type { MarkdownDocument } from "./documents.ts";

/** A piece of a document under one heading, small enough to quote. */
export interface Passage {
  readonly path: string;
  /** The headings above it, outermost first; the file's path where there is none. */
  readonly headings: readonly string[];
  readonly text: string;
}

/** A passage ends at the first block boundary before this many characters. */
const maxPassageLength = 900;
/** What may lead in to a block that is too long to stand in one passage with more. */
const maxLeadInLength = 400;

/** Cuts a document into passages at its headings, long sections also between their blocks. */
export function toPassages(document: MarkdownDocument): Passage[] {
  const passages: Passage[] = [];
  const outline: { depth: number; title: string }[] = [];
  let blocks: string[] = [];

  const flush = (): void => {
    const titles = outline.map(({ title }) => title);
    const headings = titles.length > 0 ? titles : [document.path];
    for (const text of pack(blocks)) passages.push({ path: document.path, headings, text });
    blocks = [];
  };

  for (const token of marked.lexer(document.text)) {
    if (token.type === "heading") {
      flush();
      const depth: number = token.depth;
      while ((outline.at(-1)?.depth ?? 0) >= depth) outline.pop();
      outline.push({ depth, title: plainText(token) });
    } else if (token.type !== "space" && token.type !== "html" && token.type !== "def") {
      blocks.push(token.raw.trim());
    }
  }
  flush();
  return passages;
}

/** Joins whole blocks up to the length; a longer block stays whole up to twice that, else it is cut at line ends. */
function pack(blocks: readonly string[]): string[] {
  const packed: string[] = [];
  let current = "";
  for (const block of blocks.flatMap(splitLong)) {
    const joined = current === "" ? block : `${current}\n\n${block}`;
    if (current !== "" && joined.length > maxPassageLength && !leadsIn(current)) {
      packed.push(current);
      current = block;
    } else {
      current = joined;
    }
  }
  if (current !== "") packed.push(current);
  return packed;
}

/** A few lines before a list, a table or code say nothing without it. */
function leadsIn(text: string): boolean {
  return text.length <= maxLeadInLength && !text.includes("\n\n");
}

function splitLong(block: string): string[] {
  // Half a code block would be quoted without the fence that opens or closes it.
  const fenced = block.startsWith("```") || block.startsWith("~~~");
  if (fenced || block.length <= 2 * maxPassageLength) return [block];
  const lines = block.split("\n");
  // Rows of a table are none without its head.
  const head = /^\|[ :|-]+\|$/.test(lines[1] ?? "") ? lines.splice(0, 2) : [];
  const parts: string[] = [];
  let part: string[] = [];
  for (const line of lines) {
    if (part.length > 0 && [...head, ...part, line].join("\n").length > maxPassageLength) {
      parts.push([...head, ...part].join("\n"));
      part = [];
    }
    part.push(line);
  }
  return [...parts, [...head, ...part].join("\n")];
}

/** A heading as a reader sees it: without the marks of code, links and emphasis. */
function plainText(token: Token): string {
  if ("tokens" in token && token.tokens) return token.tokens.map(plainText).join("");
  return "text" in token && typeof token.text === "string" ? token.text : "";
}
