import type { CompressOptions } from "./options.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /**
     * How this route's bodies are encoded and decoded: laid over the registration's options, or `false` to send its
     * responses as they are, for those that hold a secret beside what a stranger can put in (BREACH).
     */
    compress?: false | CompressOptions;
  }
}
