import { REDACTED, type Secrets } from "./secrets.ts";
import { plain } from "./text.ts";
import { redactText, redactUrl } from "./url.ts";

const MAX_VALUE_LENGTH = 512;

/** Gives the headers that are listed; of secret ones only that they were there. */
export function headersOf(
  names: readonly string[],
  read: (name: string) => unknown,
  secrets: Secrets,
): Record<string, string> | undefined {
  let headers: Record<string, string> | undefined;
  for (const name of names) {
    const value = read(name);
    if (value === undefined) continue;
    headers ??= {};
    headers[name] = secrets.isSecret(name) ? REDACTED : show(value, secrets);
  }
  return headers;
}

/** Some are addresses (Location, Referer), others have addresses in them (Link). */
function show(value: unknown, secrets: Secrets): string {
  const text = [value].flat().join(", ");
  const open = /^(?:https?:\/)?\//i.test(text) ? redactUrl(text, secrets) : text;
  return plain(redactText(open, secrets), MAX_VALUE_LENGTH);
}
