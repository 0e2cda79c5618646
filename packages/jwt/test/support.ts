import { createHmac, generateKeyPairSync, type JsonWebKey, type KeyObject } from "node:crypto";
import { auth } from "@enfilade/auth";
import { type AppOptions, createApp } from "@enfilade/line-testing";
import type { FastifyInstance, LightMyRequestResponse } from "fastify";
import { type JwtOptions, jwt } from "../src/index.ts";

/** A secret of 64 bytes. */
export const SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

export interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export const RSA: Pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const EC: Pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const ED: Pair = generateKeyPairSync("ed25519");

export function pemOf(key: KeyObject): string {
  return String(key.export({ type: key.type === "private" ? "pkcs8" : "spki", format: "pem" }));
}

export function jwkOf(key: KeyObject, rest: Record<string, unknown> = {}): JsonWebKey & object {
  return { ...key.export({ format: "jwk" }), ...rest };
}

export const encode = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

export const soon = (): number => Math.floor(Date.now() / 1000) + 300;

/** Signs anything at all with a secret, by hand: what no library would. */
export function forge(
  header: unknown,
  payload: unknown,
  secret: string | Buffer = SECRET,
  hash = "sha256",
): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createHmac(hash, secret).update(input).digest("base64url")}`;
}

/** A token that holds, with whatever is laid over it. */
export function hs(
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): string {
  return forge({ alg: "HS256", typ: "JWT", ...header }, { sub: "ann", exp: soon(), ...claims });
}

/** An app with one guarded route that gives the principal; closed at the end. */
export async function make(
  options: JwtOptions = { keys: [{ secret: SECRET }] },
  appOptions?: AppOptions,
): Promise<FastifyInstance> {
  const app = await createApp(appOptions);
  await app.register(jwt, options);
  await app.register(auth);
  app.get("/", { config: { access: "authenticated" } }, async ({ principal }) => principal);
  return app;
}

export function call(app: FastifyInstance, token: string): Promise<LightMyRequestResponse> {
  return app.inject({ url: "/", headers: { authorization: `Bearer ${token}` } });
}

export async function statusOf(app: FastifyInstance, token: string): Promise<number> {
  return (await call(app, token)).statusCode;
}
