import { REDACTED } from "./secrets.ts";

/** Tells whether the value at a path is a secret. Items of arrays have the path `*`. */
export type IsSecretPath = (path: readonly string[]) => boolean;

/**
 * Takes the values of secret fields out of JSON text, without parsing it: the text may be cut off anywhere,
 * and what is left of it must not tell a secret either. What follows the first character that is not JSON
 * is left out. Several values, each on a line of its own (NDJSON), are fine.
 */
export function redactJson(text: string, isSecret: IsSecretPath): string {
  return new Redaction(text, isSecret).run();
}

type Expectation = "value" | "first value" | "key" | "first key" | "colon" | "comma" | "line";

/** Where a scan stands. Nesting is a list, not recursion: a body of a thousand brackets is no stack overflow. */
class Redaction {
  readonly #text: string;
  readonly #isSecret: IsSecretPath;
  /** The brackets that are open. */
  readonly #open: string[] = [];
  /** The key in each open bracket, `*` in an array. */
  readonly #path: string[] = [];
  #position = 0;
  #copied = 0;
  /** Where the last value ended. */
  #end = 0;
  #output = "";
  #expectation: Expectation = "value";

  constructor(text: string, isSecret: IsSecretPath) {
    this.#text = text;
    this.#isSecret = isSecret;
  }

  run(): string {
    while (this.#skipSpace() && this.#step());
    return this.#output + this.#text.slice(this.#copied, this.#position);
  }

  /** Moves over white space, and tells whether anything is left. */
  #skipSpace(): boolean {
    const text = this.#text;
    while (isSpace(text.charCodeAt(this.#position))) this.#position += 1;
    return this.#position < text.length;
  }

  /** Moves over one token, and tells whether the text is JSON still. */
  #step(): boolean {
    const character = this.#text.charAt(this.#position);
    switch (this.#expectation) {
      case "first key":
        return character === "}" ? this.#close(character) : this.#key(character);
      case "key":
        return this.#key(character);
      case "colon":
        return this.#expect(character === ":", "value");
      case "comma":
        if (character !== ",") return this.#close(character);
        return this.#expect(true, this.#open.at(-1) === "{" ? "key" : "value");
      case "first value":
        return character === "]" ? this.#close(character) : this.#value(character);
      case "value":
        return this.#value(character);
      case "line":
        // Without this rule the inside of a spoiled value passes for a row of words and strings.
        return this.#isOnNewLine() && this.#value(character);
    }
  }

  #isOnNewLine(): boolean {
    return this.#text.slice(this.#end, this.#position).includes("\n");
  }

  #expect(fits: boolean, next: Expectation): boolean {
    if (!fits) return false;
    this.#position += 1;
    this.#expectation = next;
    return true;
  }

  #key(character: string): boolean {
    if (character !== '"') return false;
    const start = this.#position;
    this.#position = endOfString(this.#text, start);
    this.#path[this.#path.length - 1] = readKey(this.#text.slice(start, this.#position));
    this.#expectation = "colon";
    return true;
  }

  #value(character: string): boolean {
    if (this.#path.length > 0 && this.#isSecret(this.#path)) {
      this.#output += `${this.#text.slice(this.#copied, this.#position)}"${REDACTED}"`;
      this.#position = endOfValue(this.#text, this.#position);
      this.#copied = this.#position;
    } else if (character === "{" || character === "[") {
      this.#open.push(character);
      this.#path.push("*");
      return this.#expect(true, character === "{" ? "first key" : "first value");
    } else {
      const end = endOfScalar(this.#text, this.#position);
      if (end === this.#position) return false;
      this.#position = end;
    }
    this.#afterValue();
    return true;
  }

  #close(character: string): boolean {
    if (character !== (this.#open.at(-1) === "{" ? "}" : "]")) return false;
    this.#open.pop();
    this.#path.pop();
    this.#position += 1;
    this.#afterValue();
    return true;
  }

  #afterValue(): void {
    this.#end = this.#position;
    this.#expectation = this.#open.length === 0 ? "line" : "comma";
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** Gives the position behind a string that begins at `start`, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === "\\") index += 1;
    else if (character === '"') return index + 1;
  }
  return text.length;
}

/** Gives the position behind a string, a number or a word; `start` itself where there is none. */
function endOfScalar(text: string, start: number): number {
  if (text.charAt(start) === '"') return endOfString(text, start);
  let end = start;
  while (end < text.length && /[\w+.-]/.test(text.charAt(end))) end += 1;
  return end;
}

/** Gives the position behind a whole value; of one that is cut off, or no JSON, the end of the text. */
function endOfValue(text: string, start: number): number {
  const closers: string[] = [];
  let index = start;
  do {
    const character = text.charAt(index);
    const end = endOfScalar(text, index);
    if (character === "{" || character === "[") closers.push(character === "{" ? "}" : "]");
    else if (character === closers.at(-1)) closers.pop();
    else if (end === index && (closers.length === 0 || !/[\s,:]/.test(character)))
      return text.length;
    index = Math.max(end, index + 1);
  } while (closers.length > 0 && index < text.length);
  return closers.length > 0 ? text.length : index;
}

/** Reads a key with its escapes. One that cannot be read, or was cut off, may be any. */
function readKey(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    return UNREADABLE;
  }
}

/** The key of what cannot be read; it counts as a secret. */
export const UNREADABLE = "\0";
