import type { Agent } from "./agents/agent.ts";

/** Writes what a server says when it is ready: where it is, who is there, what to try. */
export function banner(options: {
  readonly url: string;
  readonly agents: readonly Agent[];
  readonly passages: number;
  readonly dataDir: string;
  readonly color: boolean;
}): string {
  const { url, agents, passages, dataDir, color } = options;
  const bold = color ? (text: string) => `\u001b[1m${text}\u001b[22m` : (text: string) => text;
  const dim = color ? (text: string) => `\u001b[2m${text}\u001b[22m` : (text: string) => text;
  const rows = agents.map(({ id, description }) => [id, description] as const);
  const offered = agents.some(({ id }) => id === "assistant")
    ? rows
    : [...rows, ["assistant", "Not here yet: set OPENAI_API_KEY to add it."] as const];
  const width = Math.max(...offered.map(([id]) => id.length)) + 2;
  const lines = [
    "",
    `${bold("Enfilade")}  ${dim("agent server")}`,
    `${bold(url)}`,
    "",
    ...offered.map(([id, description]) => `${id.padEnd(width)}${dim(description)}`),
    "",
    dim("Try:"),
    `curl -N -F message='How do I rate limit by API key?' ${url}/agents/docs/runs`,
    `curl -d message='Hello there' -d stream=false ${url}/agents/echo/runs`,
    `curl ${url}/sessions`,
    "",
    dim(`${passages} passages indexed · data in ${dataDir} · Ctrl-C stops`),
    "",
  ];
  return lines.map((line) => (line === "" ? "" : `  ${line}`)).join("\n");
}
