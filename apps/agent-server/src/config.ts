import { isIPv4 } from "node:net";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** Says how callers prove who they are: what `GET /info` reports, and what a public `HOST` needs. */
export type AuthMode = "none" | "security_key" | "jwt";

/** Holds everything that the environment decides, checked and with its defaults. */
export interface Config {
  readonly port: number;
  readonly host: string;
  /** The names that this server answers to, as the trusted-host layer takes them. */
  readonly allowedHosts: readonly string[];
  /** The origins whose pages may read the answers, as the CORS layer takes them. */
  readonly corsOrigins: readonly string[];
  readonly dataDir: string;
  readonly logLevel: string;
  readonly authMode: AuthMode;
  /** Absent: the assistant is not served. */
  readonly openai?: { readonly apiKey: string; readonly baseUrl?: string; readonly model: string };
}

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

const defaultDataDir = fileURLToPath(new URL("../data", import.meta.url));
const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** `VAR=` in a shell or a compose file means "not set". */
const unset = (value: unknown): unknown =>
  typeof value === "string" && value.trim() === "" ? undefined : value;

const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);

const environment = z.object({
  PORT: z.preprocess(
    unset,
    z
      .string()
      .refine((text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535, {
        error: "must be a port number from 0 to 65535",
      })
      .transform(Number)
      .default(7777),
  ),
  HOST: z.preprocess(unset, z.string().default("127.0.0.1")),
  ALLOWED_HOSTS: z.preprocess(unset, list.default(["localhost:*", "127.0.0.1:*", "[::1]:*"])),
  CORS_ORIGINS: z.preprocess(unset, list.default([])),
  DATA_DIR: z.preprocess(unset, z.string().default(defaultDataDir)),
  LOG_LEVEL: z.preprocess(
    unset,
    z.enum(logLevels, { error: `must be one of ${logLevels.join(", ")}` }).default("info"),
  ),
  OPENAI_API_KEY: z.preprocess(unset, z.string().optional()),
  OPENAI_BASE_URL: z.preprocess(
    unset,
    z.url({ protocol: /^https?$/, error: "must be an http or https URL" }).optional(),
  ),
  OPENAI_MODEL: z.preprocess(unset, z.string().default("gpt-4.1-mini")),
});

type Environment = z.infer<typeof environment>;

/** Values that never belong into a terminal or a log, not even when they are wrong. */
const secret = new Set(["OPENAI_API_KEY"]);

/**
 * Reads the configuration from environment variables.
 *
 * @throws {ConfigError} naming every bad variable at once, with the value received and the fix.
 * @example
 * const config = loadConfig({ PORT: "8080" });
 * config.host; // "127.0.0.1"
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const parsed = environment.safeParse(env);
  const problems = parsed.success ? [] : parsed.error.issues.map((issue) => describe(issue, env));
  // The rules between variables are told in the same message as the rules of each one.
  problems.push(...crossChecks(env));
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return toConfig(parsed.data);
}

function describe(
  issue: { path: PropertyKey[]; message: string },
  env: Readonly<Record<string, string | undefined>>,
): string {
  const name = String(issue.path[0]);
  const received = secret.has(name) ? "a value" : JSON.stringify(env[name]);
  return `${name} ${issue.message}; it is ${received}`;
}

function crossChecks(env: Readonly<Record<string, string | undefined>>): string[] {
  const problems: string[] = [];
  const host = env.HOST?.trim() || "127.0.0.1";
  if (authModeOf() === "none" && !isLoopback(host)) {
    problems.push(
      `HOST is ${JSON.stringify(host)}, but nothing here authenticates callers, so the server would be ` +
        "open to everybody who can reach it; use 127.0.0.1, ::1 or localhost",
    );
  }
  if (env.OPENAI_BASE_URL?.trim() && !env.OPENAI_API_KEY?.trim()) {
    problems.push(
      "OPENAI_BASE_URL is set without OPENAI_API_KEY; set a key (any text, for a server that asks for none)",
    );
  }
  return problems;
}

function toConfig(values: Environment): Config {
  return {
    port: values.PORT,
    host: values.HOST.trim(),
    allowedHosts: values.ALLOWED_HOSTS,
    corsOrigins: values.CORS_ORIGINS,
    dataDir: values.DATA_DIR,
    logLevel: values.LOG_LEVEL,
    authMode: authModeOf(),
    ...(values.OPENAI_API_KEY !== undefined && {
      openai: {
        apiKey: values.OPENAI_API_KEY,
        model: values.OPENAI_MODEL,
        ...(values.OPENAI_BASE_URL !== undefined && { baseUrl: values.OPENAI_BASE_URL }),
      },
    }),
  };
}

/** The one place that decides whether callers are authenticated: no authenticator is in line, so none are. */
function authModeOf(): AuthMode {
  return "none";
}

function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIPv4(host) && host.startsWith("127.");
}
