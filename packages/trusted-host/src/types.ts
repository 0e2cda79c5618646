import type { FastifyRequest } from "fastify";

/** The host that a request is for, in its one normal form. */
export interface Host {
  /** In lower case, without a trailing dot; IPv6 addresses in brackets and in their shortest form. */
  readonly hostname: string;
  /** As the request has it; `undefined` where it names none. */
  readonly port: number | undefined;
}

/** Decides about a host that is well-formed. What it throws refuses the request. */
export type HostCheck = (host: Host, request: FastifyRequest) => boolean | Promise<boolean>;

declare module "fastify" {
  interface FastifyContextConfig {
    /**
     * The hosts of this route in place of the layer's; `false` turns the layer off here, its redirects
     * included: for health checks that call an address.
     */
    trustedHost?: false | readonly string[];
  }
}
