import type { FastifyInstance } from "fastify";
import type { Config } from "./config.ts";

/** Puts the layers in line, outermost first; everything that the app's requests walk through stands here. */
export async function line(_app: FastifyInstance, _config: Config): Promise<void> {}
