import type {} from "fastify";
import type { Order } from "./view.ts";

declare module "fastify" {
  interface FastifyInstance {
    /** The line that this app's layers stand in, seen from this instance's scope. */
    readonly order: Order;
  }

  interface FastifyContextConfig {
    /** Opens the route to everybody: the layers that guard routes are left out. @defaultValue false */
    public?: boolean;
    /** Names of layers to leave out on this route; never those that guard routes. */
    skip?: readonly string[];
  }
}
