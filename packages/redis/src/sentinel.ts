import { createClient } from "@redis/client";
import type { NodeRedisOptions } from "./single-driver.ts";

/** Where to ask for a master that Sentinel watches. */
export interface SentinelOptions {
  /** The name of the master, as the sentinels know it. */
  readonly name: string;
  /** Some of the sentinels; each is asked in turn until one answers. */
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  /** Options for the connections to the sentinels, such as a password of theirs. */
  readonly sentinelClient?: NodeRedisOptions;
  /** Options for the connection to the master. */
  readonly client?: NodeRedisOptions;
}

const ASK_MS = 1_000;

/**
 * Asks the sentinels where the master is; for every connection anew, so that a failover is followed.
 */
export async function locateMaster(options: SentinelOptions): Promise<NodeRedisOptions> {
  const errors: unknown[] = [];
  for (const sentinel of options.sentinels) {
    try {
      const { host, port } = await ask(options, sentinel);
      return { ...options.client, socket: { ...plainSocket(options.client), host, port } };
    } catch (error) {
      errors.push(error);
    }
  }
  throw new AggregateError(errors, `No sentinel knows where "${options.name}" is`);
}

async function ask(
  { name, sentinelClient }: SentinelOptions,
  { host, port }: { host: string; port: number },
): Promise<{ host: string; port: number }> {
  const client = createClient({
    ...sentinelClient,
    disableOfflineQueue: true,
    socket: {
      ...plainSocket(sentinelClient),
      host,
      port,
      connectTimeout: ASK_MS,
      reconnectStrategy: false,
    },
  });
  client.on("error", () => {});
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`sentinel ${host}:${port} is silent`)), ASK_MS);
    });
    const address = client
      .connect()
      .then(() => client.sendCommand(["SENTINEL", "get-master-addr-by-name", name]));
    return readAddress(await Promise.race([address, late]));
  } finally {
    clearTimeout(timer);
    client.destroy();
  }
}

function readAddress(reply: unknown): { host: string; port: number } {
  const [host, port] = Array.isArray(reply) ? reply.map(String) : [];
  if (host === undefined || !/^\d+$/.test(port ?? "")) {
    throw new Error("the sentinel does not know this master");
  }
  return { host, port: Number(port) };
}

/** Address and path come from the sentinels; the rest of the socket's options is the user's. */
function plainSocket(options: NodeRedisOptions | undefined): object {
  return options?.socket ?? {};
}
