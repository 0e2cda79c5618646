import { expect, test } from "vitest";
import { createEchoAgent } from "../src/agents/echo.ts";
import { banner } from "../src/banner.ts";
import { loadConfig } from "../src/config.ts";

const securityKey = "0123456789abcdef0123456789abcdef";
const secret = "a secret that is longer than thirty-two bytes";

function bannerFor(env: Readonly<Record<string, string>>): string {
  return banner({
    url: "http://127.0.0.1:7777",
    agents: [createEchoAgent({ wordDelayMs: 0 })],
    passages: 7,
    config: loadConfig({ DATA_DIR: "/data", ...env }),
    color: false,
  });
}

test("a server without authentication says so, and how to start one with a key", () => {
  const text = bannerFor({});
  expect(text).toContain("Anybody on this machine, under any user_id");
  expect(text).toContain("export OS_SECURITY_KEY=$(openssl rand -hex 32);");
  expect(text).toContain("curl http://127.0.0.1:7777/sessions");
});

test.each([
  [{ OS_SECURITY_KEY: securityKey }, '-H "Authorization: Bearer $OS_SECURITY_KEY"'],
  [{ JWT_VERIFICATION_KEY: secret }, '-H "Authorization: Bearer $TOKEN"'],
])(
  "commands carry credentials by the name of a variable, and no secret is shown",
  (env, option) => {
    const text = bannerFor(env);
    expect(text).toContain(`curl ${option} http://127.0.0.1:7777/sessions`);
    expect(text).toContain(`curl -N ${option} -F message=`);
    for (const value of Object.values(env)) expect(text).not.toContain(value);
    expect(text).not.toContain("npm run demo");
  },
);

test("tokens without an audience are pointed at", () => {
  const note = "! JWT_AUDIENCE is not set";
  expect(bannerFor({ JWT_VERIFICATION_KEY: secret })).toContain(note);
  const env = { JWT_VERIFICATION_KEY: secret, JWT_AUDIENCE: "https://agents.example" };
  expect(bannerFor(env)).not.toContain(note);
  expect(bannerFor(env)).toContain("JSON Web Tokens for https://agents.example");
});

test("what is limited is said, and where it is counted, without the password that is needed for it", () => {
  expect(bannerFor({})).toContain(
    "600 requests a minute for each address, 10 runs at once for each address; counted in this process.",
  );
  const env = {
    OS_SECURITY_KEY: securityKey,
    RATE_LIMIT_PER_MINUTE: "0",
    TOKENS_PER_MINUTE: "90000",
    TOKENS_PER_DAY: "1000000",
    REDIS_URL: "redis://:hunter2@127.0.0.1:6379",
  };
  const text = bannerFor(env);
  expect(text).toContain(
    "10 runs at once for each caller, 90,000 tokens a minute for each caller, 1,000,000 tokens a day for each caller; " +
      "counted in Redis.",
  );
  expect(text).not.toContain("hunter2");
  expect(bannerFor({ RATE_LIMIT_PER_MINUTE: "0", MAX_CONCURRENT_RUNS: "0" })).toMatch(
    /limits +None\./,
  );
});

test("a server that others reach, and that answers to no name which they know, is pointed at", () => {
  const note = "! ALLOWED_HOSTS names this machine only";
  const env = { HOST: "0.0.0.0", OS_SECURITY_KEY: securityKey };
  expect(bannerFor(env)).toContain(note);
  expect(bannerFor({ ...env, ALLOWED_HOSTS: "localhost:*,agents.example" })).not.toContain(note);
  expect(bannerFor({ OS_SECURITY_KEY: securityKey })).not.toContain(note);
});
