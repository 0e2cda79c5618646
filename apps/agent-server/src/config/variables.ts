import { fileURLToPath } from "node:url";
import { z } from "zod";
import { type Environment, listOf } from "./problems.ts";

const defaultDataDir = fileURLToPath(new URL("../../data", import.meta.url));
const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

const unset = (value: unknown): unknown =>
  typeof value === "string" && value.trim() === "" ? undefined : value;

/** Reads a list; whether its items are good is for the layer to say that takes them, unless they are of another kind. */
const listMatching = (item: RegExp, error: string) =>
  z
    .string()
    .refine((text) => listOf(text).every((one) => item.test(one)), { error })
    .transform(listOf);

const hosts = listMatching(
  /^[^\s/@]+$/,
  "must list names such as agents.example, *.agents.example or localhost:*, separated by commas",
).refine((names) => names.length > 0, { error: "must name at least one host" });
const origins = listMatching(
  /^(null|[a-z][a-z\d+.-]*:\/\/[^\s/?#@]+)$/,
  "must list origins such as https://ui.example or https://*.ui.example, without a path, separated by commas",
);

/** The variables that mean something by themselves, each with its default. */
export interface Variables {
  readonly PORT: number;
  readonly HOST: string;
  readonly ALLOWED_HOSTS: readonly string[];
  readonly CORS_ORIGINS: readonly string[];
  readonly DATA_DIR: string;
  readonly LOG_LEVEL: string;
  readonly OPENAI_API_KEY?: string | undefined;
  readonly OPENAI_BASE_URL?: string | undefined;
  readonly OPENAI_MODEL: string;
}

const variables: z.ZodType<Variables> = z.object({
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
  HOST: z.preprocess(unset, z.string().trim().default("127.0.0.1")),
  ALLOWED_HOSTS: z.preprocess(unset, hosts.default(["localhost:*", "127.0.0.1:*", "[::1]:*"])),
  CORS_ORIGINS: z.preprocess(unset, origins.default([])),
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

/** Values that never belong into a terminal or a log, not even when they are wrong. */
const secret = new Set(["OPENAI_API_KEY"]);

/** Reads them; `value` is absent when any of them is wrong. */
export function readVariables(env: Environment): {
  readonly value: Variables | undefined;
  readonly problems: readonly string[];
} {
  const parsed = variables.safeParse(env);
  if (parsed.success) return { value: parsed.data, problems: [] };
  const problems = parsed.error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    const received = secret.has(name) ? "a value" : JSON.stringify(env[name]);
    return `${name} ${message}; it is ${received}`;
  });
  return { value: undefined, problems };
}
