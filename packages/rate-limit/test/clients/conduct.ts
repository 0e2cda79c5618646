import { readFileSync } from "node:fs";
import type { Client } from "./clients.ts";

/** Says what becomes of a request that is told to come back in eleven minutes. */
export function longConduct({ longWaits }: Client): string {
  const [first] = longWaits;
  if (first === undefined) return "gives up at once";
  const times = longWaits.length === 2 ? "twice" : `${longWaits.length} times`;
  if (first >= 660) return `waits it out, ${times}`;
  const different = new Set(longWaits).size > 1;
  return `comes back after ${different ? longWaits.join(" s and ") : first} s${different ? "" : `, ${times}`}`;
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
    "waits for",
    "eleven minutes",
    "a cost that never fits",
  ];
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** The name with the version that is installed here. */
function nameOf({ name, how }: Client): string {
  const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  const major = version.split(".", 1)[0];
  return `\`${name}\` ${major}${how === undefined ? "" : `, \`${how}\``}`;
}
