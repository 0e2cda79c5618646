import { createHash } from "node:crypto";
import { BoundedCache } from "@enfilade/auth";
import type { OptionReader } from "@enfilade/layer";
import { addressKey } from "@enfilade/limiter/http";
import type { FastifyRequest } from "fastify";
import type { RateLimitOptions } from "./options.ts";
import type { KeyGenerator } from "./types.ts";

/** What a registration counts by. */
export type By = "address" | "principal" | "key";

/** How a registration tells callers apart. */
export interface Callers {
  readonly by: By;
  /** As functions of the user's see it. */
  readonly keyOf: KeyGenerator;
  /** As the store sees it. */
  readonly conceal: (key: string) => string;
  /** The address of a request, in the words of the store. */
  readonly addressOf: (request: FastifyRequest) => string;
}

const REMEMBERED = 10_000;
/** What is longer is no name, and whoever sends many of them shall not have them kept. */
const LONGEST = 256;

/** Reads how callers are told apart; `leaves` says that their keys leave this process. */
export function callersOf(read: OptionReader, options: RateLimitOptions, leaves: boolean): Callers {
  const by = readBy(read, options);
  const bits = read.integer("ipv6Subnet", 64, { min: 16, max: 128 });
  const addressOf = ({ ip }: FastifyRequest) => addressKey(ip, bits);
  if (by === "address") return { by, keyOf: addressOf, conceal: asItIs, addressOf };
  const conceal = leaves ? createConcealment() : asItIs;
  if (by !== "principal") return { by: "key", keyOf: by, conceal, addressOf };
  // Nobody is known where a route is public: then the address counts.
  const keyOf = (request: FastifyRequest) => {
    const { principal } = request;
    return principal === null || principal === undefined
      ? addressOf(request)
      : `${principal.kind}:${principal.id}`;
  };
  return { by, keyOf, conceal, addressOf };
}

/** Tells what a registration counts by. */
export function readBy(
  read: Pick<OptionReader, "refuse">,
  { by, keyGenerator }: RateLimitOptions,
): "address" | "principal" | KeyGenerator {
  if (keyGenerator !== undefined) {
    if (typeof keyGenerator !== "function") read.refuse("keyGenerator", "Give a function.");
    if (by !== undefined) read.refuse("keyGenerator", "Give either by or keyGenerator.");
    return keyGenerator;
  }
  if (by === undefined || by === "address" || by === "principal" || typeof by === "function") {
    return by ?? "address";
  }
  return read.refuse("by", 'Use "address", "principal", or give a function.');
}

function asItIs(key: string): string {
  return key;
}

/** A key may be a secret, or say who somebody is: a store that others read gets a hash of it. */
function createConcealment(): (key: string) => string {
  const known = new BoundedCache<string>(REMEMBERED);
  const hashOf = (key: string) => createHash("sha256").update(key).digest("base64url");
  return (key) => {
    if (key.length > LONGEST) return hashOf(key);
    let hash = known.get(key);
    if (hash === undefined) {
      hash = hashOf(key);
      known.set(key, hash);
    }
    return hash;
  };
}
