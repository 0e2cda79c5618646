export type { Algorithm } from "./algorithms.ts";
export { JWT_EXPIRED, JWT_INVALID, JWT_INVALID_OPTION, JWT_KEYS_UNAVAILABLE } from "./errors.ts";
export type { JwtKey, PublicKey, SecretKey, WebKey } from "./key.ts";
export { jwt, jwt as default } from "./layer.ts";
export type { Expected } from "./matcher.ts";
export type { JwksOptions, JwtOptions, TokenCacheOptions } from "./options.ts";
export type { ClaimNames } from "./principal.ts";
export type { TokenSource } from "./read-token.ts";
export { createSigner, type Sign, type SignerOptions } from "./sign.ts";
