/** Tells of a Content-Type whether bodies of it are worth encoding. */
export type TypeTest = (contentType: string) => boolean;

/** What is text, or is like text: the rest is packed already, or too seldom worth it. */
export const CONTENT_TYPES: readonly string[] = [
  "text/*",
  "application/json",
  "application/*+json",
  "application/xml",
  "application/*+xml",
  "application/javascript",
  "application/x-javascript",
  "application/ecmascript",
  "application/x-ndjson",
  "application/jsonl",
  "application/json-seq",
  "application/graphql",
  "application/yaml",
  "application/toml",
  "application/sql",
  "application/rtf",
  "application/wasm",
  "application/manifest+json",
  "application/vnd.ms-fontobject",
  "font/ttf",
  "font/otf",
  "font/collection",
  "image/svg+xml",
  "image/bmp",
  "image/x-icon",
  "image/vnd.microsoft.icon",
  "model/gltf+json",
  "message/rfc822",
];

/** A media type, or one with a star: `text/*`, `application/*+json`. RFC 9110, section 8.3.1. */
const PATTERN = /^[a-z0-9!#$&^_.+-]+\/(?:\*|(?:\*\+)?[a-z0-9!#$&^_.+-]+)$/;

/** Tells whether a text is a pattern that {@link compileTypes} takes. */
export function isTypePattern(text: string): boolean {
  return PATTERN.test(text);
}

/** Texts and applications send few types: what was tested once is kept. */
const MAX_KNOWN = 500;

/** Makes the test of a list of patterns. Event streams are a matter of their own, and never in it. */
export function compileTypes(patterns: readonly string[]): TypeTest {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes("*")));
  const [families, suffixes] = [
    patterns.filter((pattern) => pattern.endsWith("/*")).map((pattern) => pattern.slice(0, -1)),
    patterns.filter((pattern) => pattern.includes("*+")).map((pattern) => pattern.split("*")),
  ];
  const known = new Map<string, boolean>();
  const test = (contentType: string): boolean => {
    const type = mediaTypeOf(contentType);
    return (
      type !== EVENT_STREAM &&
      (exact.has(type) ||
        families.some((family) => type.startsWith(family)) ||
        suffixes.some(
          ([family = "", suffix = ""]) => type.startsWith(family) && type.endsWith(suffix),
        ))
    );
  };
  return (contentType) => {
    const remembered = known.get(contentType);
    if (remembered !== undefined) return remembered;
    const verdict = test(contentType);
    if (known.size < MAX_KNOWN) known.set(contentType, verdict);
    return verdict;
  };
}

const EVENT_STREAM = "text/event-stream";

/** Tells whether a response is a stream of server-sent events. */
export function isEventStream(contentType: string): boolean {
  return mediaTypeOf(contentType) === EVENT_STREAM;
}

function mediaTypeOf(contentType: string): string {
  const end = contentType.indexOf(";");
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}
