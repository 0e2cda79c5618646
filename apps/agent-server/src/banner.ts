import type { Agent } from "./agents/agent.ts";
import { authenticationOf, credentialsFor, notesOn } from "./banner-access.ts";
import { limitsOf } from "./banner-limits.ts";
import type { Config } from "./config.ts";

/** Writes what a server says when it is ready: where it is, who is there, who may call, and how much, what to try. */
export function banner(options: {
  readonly url: string;
  readonly agents: readonly Agent[];
  readonly passages: number;
  readonly config: Config;
  readonly color: boolean;
}): string {
  const { url, agents, passages, config, color } = options;
  const bold = color ? (text: string) => `\u001b[1m${text}\u001b[22m` : (text: string) => text;
  const dim = color ? (text: string) => `\u001b[2m${text}\u001b[22m` : (text: string) => text;
  const rows = agents.map(({ id, description }) => [id, description] as const);
  const offered = agents.some(({ id }) => id === "assistant")
    ? rows
    : [...rows, ["assistant", "Not here yet: set OPENAI_API_KEY to add it."] as const];
  const about = [
    ["callers", authenticationOf(config)],
    ["limits", limitsOf(config)],
  ] as const;
  const width = Math.max(...[...offered, ...about].map(([name]) => name.length)) + 2;
  const table = (lines: readonly (readonly [string, string])[]) =>
    lines.map(([name, text]) => `${name.padEnd(width)}${dim(text)}`);
  const key = credentialsFor(config);
  const lines = [
    "",
    `${bold("Enfilade")}  ${dim("agent server")}`,
    `${bold(url)}`,
    "",
    ...table(offered),
    "",
    ...table(about),
    ...notesOn(config).map((note) => `${bold("!")} ${note}`),
    "",
    dim("Try:"),
    `curl -N${key} -F message='How do I rate limit by API key?' ${url}/agents/docs/runs`,
    `curl${key} -d message='Hello there' -d stream=false ${url}/agents/echo/runs`,
    `curl${key} ${url}/sessions`,
    ...(config.authMode === "none"
      ? [
          dim("With a key:"),
          "export OS_SECURITY_KEY=$(openssl rand -hex 32); echo $OS_SECURITY_KEY; npm run demo",
        ]
      : []),
    "",
    dim(`${passages} passages indexed · data in ${config.dataDir} · Ctrl-C stops`),
    "",
  ];
  return lines.map((line) => (line === "" ? "" : `  ${line}`)).join("\n");
}
