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
    if (current !== "" && joined.length > maxPassageLength) {
      packed.push(current);
      current = block;
    } else {
      current = joined;
    }
  }
  if (current !== "") packed.push(current);
  return packed;
}

function splitLong(block: string): string[] {
  // Half a code block would be quoted without the fence that opens or closes it.
  const fenced = block.startsWith("```") || block.startsWith("~~~");
  if (fenced || block.length <= 2 * maxPassageLength) return [block];
  const parts: string[] = [];
  let part = "";
  for (const line of block.split("\n")) {
    if (part !== "" && part.length + line.length > maxPassageLength) {
      parts.push(part);
      part = line;
    } else {
      part = part === "" ? line : `${part}\n${line}`;
    }
  }
  return [...parts, part];
}

/** A heading as a reader sees it: without the marks of code, links and emphasis. */
function plainText(token: Token): string {
  if ("tokens" in token && token.tokens) return token.tokens.map(plainText).join("");
  return "text" in token && typeof token.text === "string" ? token.text : "";
}
