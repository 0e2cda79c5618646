import type { RouteSecurityHeaders } from "./options.ts";

declare module "fastify" {
  interface FastifyReply {
    /**
     * The nonces of this response, for the `nonce` attributes of its scripts and styles. They are made, and the
     * policy names them, when this is first read: before the reply is sent.
     */
    cspNonce: { script: string; style: string };
  }
  interface FastifyContextConfig {
    /** The security headers of this route: laid over the registration's options, or `false` for none. */
    securityHeaders?: RouteSecurityHeaders;
  }
}
