import { randomBytes } from "node:crypto";

/** The nonces of one response: one for scripts, one for styles. */
export interface Nonces {
  script: string;
  style: string;
}

/** 128 bits each, as CSP Level 3 (section 8.1) asks for. */
const BYTES = 16;

/**
 * Creates the nonces of a response. They are URL-safe base64 without padding: nothing in them needs
 * escaping in an HTML attribute, quoted or not.
 */
export function createNonces(): Nonces {
  const random = randomBytes(2 * BYTES);
  return {
    script: random.toString("base64url", 0, BYTES),
    style: random.toString("base64url", BYTES),
  };
}
