import { isLoopback } from "./config/networks.ts";
import type { Config } from "./config.ts";

/** Says who may call. */
export function authenticationOf({ authentication: { apiKey, jwt } }: Config): string {
  const ways = [
    ...(apiKey?.keys ? ["the key in OS_SECURITY_KEY, which may do everything"] : []),
    ...(apiKey?.file === undefined ? [] : [`the API keys in ${apiKey.file}`]),
    ...(jwt ? [`JSON Web Tokens${jwt.audience ? ` for ${String(jwt.audience)}` : ""}`] : []),
  ];
  return ways.length === 0
    ? "Anybody on this machine, under any user_id: nothing authenticates them."
    : `Those with ${ways.join(", or ")}.`;
}

/** The part of a command that proves who calls: by the name of a variable, so that no key gets onto a screen. */
export function credentialsFor({ authentication: { apiKey, jwt } }: Config): string {
  if (apiKey?.keys) return ' -H "Authorization: Bearer $OS_SECURITY_KEY"';
  if (apiKey) return ' -H "X-API-Key: $KEY"';
  return jwt ? ' -H "Authorization: Bearer $TOKEN"' : "";
}

/** What is allowed, and may not be meant. */
export function notesOn({ authentication: { jwt }, host, allowedHosts }: Config): string[] {
  const isOpen = jwt !== undefined && jwt.audience === undefined;
  const isLocal = allowedHosts.every((name) => /^(localhost|127\.|\[::1\])/.test(name));
  return [
    ...(isOpen
      ? ["JWT_AUDIENCE is not set: tokens that their issuer made for other services are taken too."]
      : []),
    ...(isLocal && !isLoopback(host)
      ? ["ALLOWED_HOSTS names this machine only: who calls it by another name is refused."]
      : []),
  ];
}
