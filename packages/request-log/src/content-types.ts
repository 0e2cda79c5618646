/** Types whose structure this package knows how to take secrets out of. */
export const DEFAULT_CONTENT_TYPES: readonly string[] = [
  "application/json",
  "application/*+json",
  "application/x-ndjson",
  "application/x-www-form-urlencoded",
  "text/event-stream",
];

const PATTERN = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+*-]+$/;
const BINARY = /^(?:image|audio|video|font|multipart)\/|^application\/(?:octet-stream|\*)$/;

/** Tells whether a pattern can be listed: a media type, or one with `*` in its subtype, that is text. */
export function isContentTypePattern(pattern: string): boolean {
  return PATTERN.test(pattern) && !BINARY.test(pattern);
}

/** Builds the test for the listed types, out of patterns in lower case. */
export function createContentTypeTest(patterns: readonly string[]): (mediaType: string) => boolean {
  const tests = patterns.map((pattern) => {
    const parts = pattern.split("*").map((part) => part.replace(/[$+.^]/g, "\\$&"));
    return new RegExp(`^${parts.join("[^/]*")}$`);
  });
  return (mediaType) => tests.some((test) => test.test(mediaType));
}

/** Gives the media type of a Content-Type, in lower case and without parameters. */
export function mediaTypeOf(contentType: unknown): string {
  return typeof contentType === "string"
    ? (contentType.split(";", 1)[0] ?? "").trim().toLowerCase()
    : "";
}

/** Tells whether text of this Content-Type is UTF-8, as all of JSON is; what is not is not read. */
export function isUtf8(contentType: unknown): boolean {
  const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(String(contentType))?.[1];
  return charset === undefined || /^(?:utf-?8|us-ascii)$/i.test(charset);
}
