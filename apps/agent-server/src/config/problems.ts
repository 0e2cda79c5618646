/** The environment as the process has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reports every bad environment variable in one message, so that one restart is enough to fix them. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(
      `The environment has ${count}:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

/** What was read, and all that is wrong with it. */
export interface Reading<T> {
  readonly value: T;
  readonly problems: readonly string[];
}

/** Gives a variable that is set; `VAR=` in a shell or a compose file means "not set". */
export function setIn(env: Environment, name: string): string | undefined {
  const text = env[name];
  return text === undefined || text.trim() === "" ? undefined : text;
}

/** Reads a list that is separated by commas. */
export function listOf(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
