import fc from "fast-check";
import { expect, test } from "vitest";
import { loadConfig } from "../src/config.ts";
import { problemsOf } from "./support.ts";

test("an empty environment serves loopback on port 7777, without an assistant", () => {
  const config = loadConfig({});
  expect(config).toMatchObject({
    port: 7777,
    host: "127.0.0.1",
    logLevel: "info",
    authMode: "none",
  });
  expect(config.dataDir).toMatch(/agent-server[/\\]data$/);
  expect(config.openai).toBeUndefined();
});

test("a variable that is set to nothing is not set", () => {
  expect(loadConfig({ PORT: "", HOST: " ", LOG_LEVEL: "", OPENAI_API_KEY: "" })).toEqual(
    loadConfig({}),
  );
});

test("a key adds the assistant, with its model and where it is served", () => {
  expect(loadConfig({ OPENAI_API_KEY: "sk-1" }).openai).toEqual({
    apiKey: "sk-1",
    model: "gpt-4.1-mini",
  });
  expect(
    loadConfig({
      OPENAI_API_KEY: "sk-1",
      OPENAI_BASE_URL: "http://127.0.0.1:11434/v1",
      OPENAI_MODEL: "qwen3",
    }).openai,
  ).toEqual({ apiKey: "sk-1", baseUrl: "http://127.0.0.1:11434/v1", model: "qwen3" });
});

test("all problems are told in one message, with the value received", () => {
  const env = { PORT: "http", HOST: "0.0.0.0", LOG_LEVEL: "loud", OPENAI_BASE_URL: "ftp://models" };
  const problems = problemsOf(env);
  expect(problems).toHaveLength(5);
  expect(() => loadConfig(env)).toThrow(
    new RegExp(
      [
        "5 problems:",
        'PORT must be a port number from 0 to 65535; it is "http"',
        'LOG_LEVEL must be one of trace, .*; it is "loud"',
        'OPENAI_BASE_URL must be an http or https URL; it is "ftp://models"',
        'HOST is "0.0.0.0", but nothing here authenticates callers',
        "OPENAI_BASE_URL is set without OPENAI_API_KEY",
      ].join("[^]*"),
    ),
  );
});

test.each(["127.0.0.1", "127.8.9.10", "::1", "localhost"])("HOST %s is loopback", (HOST) => {
  expect(loadConfig({ HOST }).host).toBe(HOST);
});

test.each(["0.0.0.0", "::", "10.0.0.1", "127.evil.example", "example.org", "1270.0.0.1"])(
  "HOST %s is refused as long as nothing authenticates callers",
  (HOST) => {
    expect(problemsOf({ HOST })).toEqual([expect.stringContaining("use 127.0.0.1")]);
  },
);

test("a port is a whole number from 0 to 65535 and nothing else", () => {
  fc.assert(
    fc.property(fc.oneof(fc.integer(), fc.nat(99_999), fc.double(), fc.string()), (value) => {
      const text = String(value);
      const valid =
        text.trim() === "" ||
        (Number.isInteger(Number(text)) && Number(text) >= 0 && Number(text) <= 65_535);
      expect(problemsOf({ PORT: text })).toHaveLength(valid ? 0 : 1);
    }),
  );
});

test("ALLOWED_HOSTS is a list separated by commas", () => {
  expect(loadConfig({ ALLOWED_HOSTS: "agents.example, *.agents.example," }).allowedHosts).toEqual([
    "agents.example",
    "*.agents.example",
  ]);
});

test("limits are on by default, and 0 is none", () => {
  expect(loadConfig({}).limits).toEqual({ requestsPerMinute: 600, concurrentRuns: 10 });
  expect(
    loadConfig({
      RATE_LIMIT_PER_MINUTE: "0",
      TOKENS_PER_MINUTE: "90000",
      TOKENS_PER_DAY: "1000000",
      MAX_CONCURRENT_RUNS: "3",
      REDIS_URL: "rediss://user:password@redis.example:6380/1",
    }).limits,
  ).toEqual({
    tokensPerMinute: 90_000,
    tokensPerDay: 1_000_000,
    concurrentRuns: 3,
    redisUrl: "rediss://user:password@redis.example:6380/1",
  });
});

test.each(["RATE_LIMIT_PER_MINUTE", "TOKENS_PER_MINUTE", "TOKENS_PER_DAY", "MAX_CONCURRENT_RUNS"])(
  "%s is a whole number and nothing else",
  (name) => {
    for (const text of ["-1", "1.5", "1e3", "many", "10000000000", "0x10"]) {
      expect(problemsOf({ [name]: text }), text).toEqual([
        `${name} must be a whole number from 0 (no limit) to 1000000000; it is ${JSON.stringify(text)}`,
      ]);
    }
  },
);

test("a Redis that is none is refused, and its password is not shown", () => {
  const [problem, ...others] = problemsOf({ REDIS_URL: "http://user:hunter2@redis.example" });
  expect(others).toEqual([]);
  expect(problem).toMatch(/^REDIS_URL must be redis:/);
  expect(problem).not.toContain("hunter2");
});

test("clients are refused by address, network or product, and nothing else", () => {
  expect(loadConfig({}).refusedClients).toBeUndefined();
  expect(
    loadConfig({ REFUSED_CLIENTS: "198.51.100.0/24, LegacyApp/1.,::1" }).refusedClients,
  ).toEqual({
    refuse: [
      { name: "refused-addresses", address: ["198.51.100.0/24", "::1"] },
      { name: "refused-user-agents", userAgent: ["LegacyApp/1."] },
    ],
  });
  expect(problemsOf({ REFUSED_CLIENTS: "Legacy App,10.0.0.0/0" })).toEqual([
    expect.stringContaining('one is "Legacy App"'),
    expect.stringContaining('one is "10.0.0.0/0"'),
  ]);
});

test.each([
  ["CORS_ORIGINS", "*", "must list origins such as"],
  ["CORS_ORIGINS", "https://ui.example, other.example", "must list origins such as"],
  ["CORS_ORIGINS", "https://ui.example/path", "must list origins such as"],
  ["ALLOWED_HOSTS", "https://agents.example", "must list names such as"],
  ["ALLOWED_HOSTS", ",", "must name at least one host"],
  ["REDIS_URL", "redis://redis.example:port", "must be redis://host:port"],
  ["REDIS_URL", "redis://:6379", "must be redis://host:port"],
])("%s is refused by its name when it is %j", (name, value, problem) => {
  expect(problemsOf({ [name]: value })).toEqual([expect.stringContaining(`${name} ${problem}`)]);
});

test("origins of any kind may be listed", () => {
  const listed = ["https://*.example.com", "http://localhost:3000", "tauri://localhost", "null"];
  expect(loadConfig({ CORS_ORIGINS: listed.join(", ") }).corsOrigins).toEqual(listed);
});
