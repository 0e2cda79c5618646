import { createContentTypeTest, isUtf8, mediaTypeOf } from "./content-types.ts";
import { redactEvents } from "./events.ts";
import { type IsSecretPath, redactJson, UNREADABLE } from "./json.ts";
import type { Secrets } from "./secrets.ts";
import { plain } from "./text.ts";
import { redactPairs, redactText } from "./url.ts";

/** The options that concern bodies. */
interface BodySettings {
  /** Fields that are secrets by where they are. */
  readonly secretPaths: readonly (readonly string[])[];
  readonly contentTypes: readonly string[];
  readonly maxBodyBytes: number;
}

/** A body as it stands in a line. */
export interface BodyText {
  readonly text: string;
  readonly truncated: boolean;
}

/** The first bytes of a body, in no content coding any more. */
export interface BodyStart {
  readonly bytes: Buffer;
  readonly truncated: boolean;
}

/** Makes bodies fit for a line: text of listed types, its start, without secrets, on one line. */
export interface Bodies {
  /** Tells whether bodies of a Content-Type are to be logged. */
  isListed(contentType: unknown): boolean;
  /** Gives a parsed body back as text; `undefined` for what is none, such as a buffer or a stream. */
  ofParsed(body: unknown, contentType: unknown): BodyText | undefined;
  /** Reads the bytes of a body; `undefined` for bytes that are no text. */
  ofBytes(start: BodyStart, contentType: unknown): BodyText | undefined;
}

/** Creates {@link Bodies}. */
export function createBodies(
  secrets: Secrets,
  { secretPaths, contentTypes, maxBodyBytes }: BodySettings,
): Bodies {
  const isListedType = createContentTypeTest(contentTypes);
  const isListed = (contentType: unknown) => isListedType(mediaTypeOf(contentType));
  const isSecretPath: IsSecretPath = (path) => {
    const key = path.at(-1) ?? "";
    return (
      key === UNREADABLE ||
      secrets.isSecret(key) ||
      secretPaths.some((pattern) => matches(pattern, path))
    );
  };

  /** Redacts text by what its type says of its structure. */
  function redact(text: string, mediaType: string): string {
    const asJson = (json: string) => redactJson(json, isSecretPath);
    if (mediaType === "text/event-stream") return redactEvents(text, asJson);
    if (mediaType === "application/x-www-form-urlencoded") return redactPairs(text, secrets);
    return mediaType.includes("json") ? asJson(text) : text;
  }

  function finish(text: string, truncated: boolean, mediaType: string): BodyText {
    const open = redactText(redact(text, mediaType), secrets);
    return { text: plain(open, Number.POSITIVE_INFINITY), truncated };
  }

  return {
    isListed,
    ofParsed(body, contentType) {
      if (!isListed(contentType)) return undefined;
      if (typeof body === "string") {
        const start = startOf(body, maxBodyBytes);
        return finish(start.text, start.truncated, mediaTypeOf(contentType));
      }
      const text = toJson(body);
      if (text === undefined) return undefined;
      const start = startOf(text, maxBodyBytes);
      return finish(start.text, start.truncated, "application/json");
    },
    ofBytes({ bytes, truncated }, contentType) {
      const text = isUtf8(contentType) && bytes.length > 0 ? toText(bytes) : undefined;
      return text === undefined ? undefined : finish(text, truncated, mediaTypeOf(contentType));
    },
  };
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  return (
    pattern.length === path.length &&
    pattern.every((segment, index) => segment === "*" || segment === path[index])
  );
}

function toJson(body: unknown): string | undefined {
  if (body === undefined || body === null || ArrayBuffer.isView(body)) return undefined;
  if (typeof (body as { pipe?: unknown }).pipe === "function") return undefined;
  try {
    return JSON.stringify(body);
  } catch {
    // What a parser of the application has made may hold anything, cycles included.
    return undefined;
  }
}

/** Cuts text to a number of bytes, between two characters. */
function startOf(text: string, maxBytes: number): BodyText {
  // No character is shorter than a byte: what is cut away first cannot have fitted.
  const bytes = Buffer.from(text.slice(0, maxBytes));
  const truncated = text.length > maxBytes || bytes.length > maxBytes;
  return { text: toText(bytes.subarray(0, maxBytes)) ?? "", truncated };
}

/** Reads UTF-8 without the character that was cut in two at the end; `undefined` for what is no text. */
function toText(bytes: Buffer): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
