import type { FastifyRequest } from "fastify";
import type { RouteClientGate } from "./options.ts";

/** The versions of one product that are in a range. */
export interface ProductRange {
  /** The name of the product, in any case; with a star at its end, what it begins with. */
  readonly product: string;
  /** Comparators as npm writes them: `"<2.4"`, `">=1.2 <2 || =3.0"`. */
  readonly version: string;
}

/**
 * Which products of a `User-Agent` are meant:
 * - `"LegacyApp"`: the product, whatever its version.
 * - `"LegacyApp/1."`: its versions that begin so, at whole numbers: `1`, `1.4`, and not `10`.
 * - `"Legacy*"`: every product whose name begins so.
 * - `{ product: "acme-sdk", version: "<2.4" }`: its versions in a range.
 */
export type UserAgentPattern = string | ProductRange;

/**
 * What the value of a header must be: present or absent, this one, one of these, or begun so.
 */
export type HeaderMatcher = boolean | string | readonly string[] | { readonly startsWith: string };

/** Tells whether a request is one that the rule is about. What it throws fails the request. */
export type ClientCheck = (request: FastifyRequest) => boolean | Promise<boolean>;

/** Whom a rule is about. All that is given must hold; of a list, one. */
export interface ClientConditions {
  /** The products of the `User-Agent`; `false`: there is none. Clients write there what they like. */
  readonly userAgent?: false | UserAgentPattern | readonly UserAgentPattern[];
  /**
   * Addresses and networks: `"192.0.2.7"`, `"192.0.2.0/24"`, `"2001:db8::/32"`; `"loopback"`, `"linklocal"` and
   * `"uniquelocal"` are what Fastify's `trustProxy` means by them. Compared with `request.ip`.
   *
   * **Security**: behind a proxy it is the proxy's, unless `trustProxy` names the proxy.
   */
  readonly address?: string | readonly string[];
  /**
   * Headers of the request, by name.
   *
   * **Security**: no place for a secret; it would be compared in a time that tells of it.
   */
  readonly requestHeaders?: Readonly<Record<string, HeaderMatcher>>;
  /** Asked last, when all else holds. */
  readonly when?: ClientCheck;
}

/** Lets clients in, whatever the rules that refuse say. */
export interface AllowRule extends ClientConditions {
  /** What the rule is called in logs. Clients are not told. */
  readonly name: string;
}

/** What a refused client is told. */
export interface Refusal {
  /**
   * @defaultValue `403`
   */
  readonly status?: number;
  /** In place of the words that go with the status. */
  readonly message?: string;
  /**
   * Sent as it is, a string as text and anything else as JSON, in place of the error with the message.
   */
  readonly body?: string | object;
  /**
   * Headers of the answer. `cache-control` is `no-store` unless it is given; 401, 405, 407 and 426 must have the
   * header that goes with them.
   */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Refuses clients. */
export interface RefuseRule extends ClientConditions, Refusal {
  /** What the rule is called in logs. Clients are not told. */
  readonly name: string;
  /**
   * Logs whom the rule would have refused, and refuses nobody.
   * @defaultValue what the registration says
   */
  readonly dryRun?: boolean;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /**
     * Rules of this route. They come first, and what they decide is final; whom they say nothing of meets the
     * layer's. `false` turns the layer off here.
     */
    clientGate?: false | RouteClientGate;
  }
}
