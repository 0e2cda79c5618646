import { createRecorder, type Recorder } from "@enfilade/testing";
import { Cluster, Redis as Ioredis } from "ioredis";
import { onTestFinished } from "vitest";
import {
  createRedis,
  type GuardOptions,
  ioredis,
  type Redis,
  type RedisEvent,
} from "../../src/index.ts";

/** A guarded connection that is closed when the test ends, with everything that happened to it. */
export interface Opened {
  readonly redis: Redis;
  readonly events: Recorder<RedisEvent>;
}

/** One way to reach a server. */
export interface Way {
  readonly name: string;
  open(url: string, options?: GuardOptions): Opened;
}

function opened(make: (onEvent: (event: RedisEvent) => void) => Redis, close = () => {}): Opened {
  const events = createRecorder<RedisEvent>();
  const redis = make(events.record);
  onTestFinished(async () => {
    await redis.close();
    close();
  });
  return { redis, events };
}

export const SAFE_IOREDIS = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
} as const;

export const viaNodeRedis: Way = {
  name: "node-redis",
  open: (url, options = {}) => opened((onEvent) => createRedis({ url, onEvent, ...options })),
};

export const viaIoredis: Way = {
  name: "ioredis",
  open(url, options = {}) {
    const client = new Ioredis(url, { ...SAFE_IOREDIS, retryStrategy: () => 50 });
    return opened(
      (onEvent) => createRedis({ driver: ioredis(client), onEvent, ...options }),
      () => client.disconnect(),
    );
  },
};

/** For these the url is any node of the cluster. */
export const viaNodeRedisCluster: Way = {
  name: "node-redis cluster",
  open: (url, options = {}) =>
    opened((onEvent) => createRedis({ cluster: { rootNodes: [{ url }] }, onEvent, ...options })),
};

export const viaIoredisCluster: Way = {
  name: "ioredis cluster",
  open(url, options = {}) {
    const { hostname, port } = new URL(url);
    const cluster = new Cluster([{ host: hostname, port: Number(port) }], {
      enableOfflineQueue: false,
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      clusterRetryStrategy: () => 50,
      redisOptions: SAFE_IOREDIS,
    });
    return opened(
      (onEvent) => createRedis({ driver: ioredis(cluster), onEvent, ...options }),
      () => cluster.disconnect(),
    );
  },
};
