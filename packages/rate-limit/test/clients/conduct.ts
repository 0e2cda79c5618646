import { readFileSync } from "node:fs";
import type { Client } from "./clients.ts";

/** Says what a client does that is told to come back in eleven minutes. */
export function longConduct({ longWaits }: Client): string {
  const [first] = longWaits;
  if (first === undefined) return "gives up at once";
  if (first >= 660) return `waits it out, ${times(longWaits)}`;
  return new Set(longWaits).size > 1
    ? `comes back after ${longWaits.join(" s and ")} s`
    : `comes back every ${first} s, ${times(longWaits)}`;
}

function times({ length }: readonly number[]): string {
  return length === 2 ? "twice" : `${length} times`;
}

/** Makes the table of the README; ways to use a client that make no difference are not told apart. */
export function conductTable(clients: readonly Client[]): string {
  const rows = clients
    .filter(({ how }) => how !== "streaming")
    .map((client) => [
      nameOf(client),
      client.setting === undefined ? "yes" : `with ${client.setting}`,
      client.obeys === "retry-after" ? "`Retry-After`" : "`retry-after-ms`",
      longConduct(client),
      "gives up at once",
    ]);
  const head = [
    "client",
    "tries a POST again",
    "waits as long as",
    "told to wait for eleven minutes",
    "told that it never fits",
  ];
  const lines = [head, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return lines.toSpliced(1, 0, `|${"---|".repeat(head.length)}`).join("\n");
}

/** The name with the version that is installed here. */
function nameOf({ name, how }: Client): string {
  const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  const major = version.split(".", 1)[0];
  return `\`${name}\` ${major}${how === undefined ? "" : `, \`${how}\``}`;
}
