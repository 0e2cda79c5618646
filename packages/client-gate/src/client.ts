import type { FastifyRequest } from "fastify";
import { type Address, readAddress } from "./addresses.ts";
import { type Product, parseUserAgent } from "./user-agent.ts";

/** What rules ask about the client of a request; read once, when the first of them asks. */
export interface Client {
  readonly request: FastifyRequest;
  /** `undefined` where it cannot be read, or there is none: over a Unix socket. */
  address(): Address | undefined;
  hasUserAgent(): boolean;
  products(): readonly Product[];
  header(name: string): string | readonly string[] | undefined;
}

/** Reads the client of a request. What its address is decides Fastify, by `trustProxy`. */
export function clientOf(request: FastifyRequest): Client {
  let address: Address | undefined | null = null;
  let products: readonly Product[] | undefined;
  return {
    request,
    address() {
      if (address === null) address = readAddress(request.ip);
      return address;
    },
    hasUserAgent: () => (request.headers["user-agent"] ?? "") !== "",
    products() {
      products ??= parseUserAgent(request.headers["user-agent"] ?? "");
      return products;
    },
    // A rule may name what every object inherits.
    header: (name) => (Object.hasOwn(request.headers, name) ? request.headers[name] : undefined),
  };
}
