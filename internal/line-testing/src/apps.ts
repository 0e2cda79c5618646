import type { TlsOptions } from "node:tls";
import type { Layer } from "@enfilade/layer";
import { order } from "@enfilade/order";
import Fastify, {
  type FastifyHttpOptions,
  type FastifyInstance,
  type RawServerDefault,
} from "fastify";
import { onTestFinished } from "vitest";

/** The two ways in which a layer is registered: everything that matters is tested in both. */
export const WAYS = ["alone", "in line"] as const;
export type Way = (typeof WAYS)[number];

/** Fastify's options, and whether `@enfilade/order` is there. */
export type AppOptions = Omit<FastifyHttpOptions<RawServerDefault>, "http2"> & {
  /** @defaultValue `"alone"` */
  readonly way?: Way;
  readonly http2?: boolean;
  readonly https?: TlsOptions;
};

/**
 * Creates an app that is closed when the test ends.
 *
 * @example
 * describe.each(WAYS)("%s, a request", (way) => {
 *   it("is answered", async () => {
 *     const app = await createApp({ way, trustProxy: true });
 */
export async function createApp({
  way = "alone",
  ...options
}: AppOptions = {}): Promise<FastifyInstance> {
  // Whatever it speaks, tests use it as they use an app over HTTP/1.1.
  const app: FastifyInstance = Fastify(options as FastifyHttpOptions<RawServerDefault>);
  onTestFinished(() => app.close());
  if (way === "in line") await app.register(order);
  return app;
}

/**
 * Boots an app that has nothing but a layer; rejects with what the layer refuses.
 *
 * @param options - not checked by the compiler: most of them are wrong on purpose
 *
 * @example
 * await expect(bootWith(cors, { origins: [] })).rejects.toMatchObject({ code: "CORS_INVALID_OPTION" });
 */
export async function bootWith<Options extends object>(
  layer: Layer<Options>,
  options: object,
  appOptions: AppOptions = {},
): Promise<FastifyInstance> {
  const app = await createApp(appOptions);
  app.register(layer as Layer, options);
  await app.ready();
  return app;
}
