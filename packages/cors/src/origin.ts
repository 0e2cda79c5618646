/*
 * What an origin looks like when a browser serializes it (RFC 6454, section 6.2; WHATWG URL): scheme, host, and
 * the port unless it is the scheme's own; in lower case, without path, user or trailing slash. Whatever looks
 * different did not come from a browser, and nobody is asked about it.
 */

/** The origin of sandboxed frames, `data:` and `file:` documents, and of redirects across origins: of anybody. */
export const NULL_ORIGIN = "null";

const LABEL = "[a-z0-9_-]+";
const ORIGIN = new RegExp(
  `^[a-z][a-z0-9+.-]*://(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9a-f:.]+\\])(?::[1-9][0-9]{0,4})?$`,
);
const DEFAULT_PORT = /^(?:https|wss):\/\/.*:443$|^(?:http|ws):\/\/.*:80$/;

/** Longer than any host name with a scheme and a port (RFC 1035, section 2.3.4). */
const MAX_LENGTH = 300;

/** Tells whether a text is an origin as browsers write it; `null` is none. */
export function isOrigin(text: string): boolean {
  return text.length <= MAX_LENGTH && ORIGIN.test(text) && !DEFAULT_PORT.test(text);
}

/**
 * Tells whether an origin is the server itself, as far as the Host header tells. The scheme is left out: behind a
 * proxy that ends TLS the server does not know its own.
 */
export function isOwnOrigin(origin: string, host: string | undefined): boolean {
  const [, scheme, authority] = /^(https?):\/\/(.+)$/.exec(origin) ?? [];
  if (authority === undefined || host === undefined) return false;
  const ownPort = scheme === "https" ? ":443" : ":80";
  const own = host.toLowerCase();
  return authority === (own.endsWith(ownPort) ? own.slice(0, -ownPort.length) : own);
}

/** Tells whether an origin can be impersonated by whoever sits on the network: plain HTTP, beyond this machine. */
export function isInsecure(origin: string): boolean {
  return (
    origin.startsWith("http://") &&
    !/^http:\/\/(?:(?:.*\.)?localhost|127(?:\.\d+){3}|\[::1\])(?::|$)/.test(origin)
  );
}
