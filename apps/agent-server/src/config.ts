import type { ClientGateOptions } from "@enfilade/client-gate";
import {
  type Authentication,
  type AuthMode,
  authModeOf,
  readAuthentication,
} from "./config/authentication.ts";
import { type Limits, readLimits } from "./config/limits.ts";
import { isLoopback } from "./config/networks.ts";
import { ConfigError, type Environment, setIn } from "./config/problems.ts";
import { readRefusedClients } from "./config/refused-clients.ts";
import { readTrustProxy } from "./config/trust-proxy.ts";
import { readVariables, type Variables } from "./config/variables.ts";

export { ConfigError } from "./config/problems.ts";

/** Holds everything that the environment decides, checked and with its defaults. */
export interface Config {
  readonly port: number;
  readonly host: string;
  /** The names that this server answers to, as the trusted-host layer takes them. */
  readonly allowedHosts: readonly string[];
  /** The origins whose pages may read the answers, as the CORS layer takes them. */
  readonly corsOrigins: readonly string[];
  /** The proxies whose word on a caller's address counts; usually none. */
  readonly trustProxy: readonly string[];
  /** Whom the client-gate layer refuses; absent: nobody. */
  readonly refusedClients?: ClientGateOptions;
  readonly dataDir: string;
  readonly logLevel: string;
  readonly authMode: AuthMode;
  readonly authentication: Authentication;
  readonly limits: Limits;
  /** Absent: the assistant is not served. */
  readonly openai?: { readonly apiKey: string; readonly baseUrl?: string; readonly model: string };
}

/**
 * Reads the configuration from environment variables.
 *
 * @throws {ConfigError} naming every bad variable at once, with the value received (unless it is a secret) and the fix.
 * @example
 * const config = loadConfig({ PORT: "8080" });
 * config.host; // "127.0.0.1"
 */
export function loadConfig(env: Environment): Config {
  const variables = readVariables(env);
  const authentication = readAuthentication(env);
  const trustProxy = readTrustProxy(setIn(env, "TRUST_PROXY"));
  const limits = readLimits(env);
  const refused = readRefusedClients(setIn(env, "REFUSED_CLIENTS"));
  const authMode = authModeOf(authentication.value);
  const problems = [
    ...variables.problems,
    ...authentication.problems,
    ...limits.problems,
    ...trustProxy.problems,
    ...refused.problems,
    // The rules between variables are told in the same message as the rules of each one.
    ...crossChecks(env, authMode),
  ];
  if (variables.value === undefined || problems.length > 0) throw new ConfigError(problems);
  return {
    ...fromVariables(variables.value),
    trustProxy: trustProxy.value,
    ...(refused.value && { refusedClients: refused.value }),
    authMode,
    authentication: authentication.value,
    limits: limits.value,
  };
}

function crossChecks(env: Environment, authMode: AuthMode): string[] {
  const problems: string[] = [];
  const host = setIn(env, "HOST")?.trim() ?? "127.0.0.1";
  if (authMode === "none" && !isLoopback(host)) {
    problems.push(
      `HOST is ${JSON.stringify(host)}, but nothing here authenticates callers, so the server would be ` +
        "open to everybody who can reach it; set OS_SECURITY_KEY, API_KEYS_FILE or a JWT key, or use 127.0.0.1, " +
        "::1 or localhost",
    );
  }
  if (setIn(env, "OPENAI_BASE_URL") && !setIn(env, "OPENAI_API_KEY")) {
    problems.push(
      "OPENAI_BASE_URL is set without OPENAI_API_KEY; set a key (any text, for a server that asks for none)",
    );
  }
  return problems;
}

function fromVariables(
  values: Variables,
): Omit<Config, "authMode" | "authentication" | "limits" | "trustProxy"> {
  return {
    port: values.PORT,
    host: values.HOST,
    allowedHosts: values.ALLOWED_HOSTS,
    corsOrigins: values.CORS_ORIGINS,
    dataDir: values.DATA_DIR,
    logLevel: values.LOG_LEVEL,
    ...(values.OPENAI_API_KEY !== undefined && {
      openai: {
        apiKey: values.OPENAI_API_KEY,
        model: values.OPENAI_MODEL,
        ...(values.OPENAI_BASE_URL !== undefined && { baseUrl: values.OPENAI_BASE_URL }),
      },
    }),
  };
}
