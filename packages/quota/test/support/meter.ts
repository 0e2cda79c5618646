import type { FastifyReply, FastifyRequest } from "fastify";
import { onTestFinished } from "vitest";
import type { QuotaOptions, RunQuota } from "../../src/index.ts";
import { Meter } from "../../src/meter.ts";
import { resolveOptions } from "../../src/options.ts";
import { RouteQuotas } from "../../src/route-quotas.ts";

/** What of a request and of a reply a meter looks at. */
function exchangeFrom(ip: string): [FastifyRequest, FastifyReply] {
  const request = { ip, principal: null, quota: null, routeOptions: {}, log: console };
  const headers = new Map<string, unknown>();
  const reply = {
    getHeader: (name: string) => headers.get(name),
    header: (name: string, value: unknown) => headers.set(name, value),
    headers() {},
  };
  return [request as unknown as FastifyRequest, reply as unknown as FastifyReply];
}

/** A run that was admitted, without a socket and without an app. */
export interface BareRun {
  readonly run: RunQuota;
  /** Its exchange ends, any number of times. */
  leave(delivered: boolean): void;
}

/** Makes a meter that closes when the test ends, and a function that begins runs by it. */
export function createMeter(options: QuotaOptions): {
  meter: Meter;
  begin(address: string): Promise<BareRun>;
} {
  const meter = new Meter(resolveOptions(options));
  onTestFinished(() => meter.close());
  const quota = new RouteQuotas(meter.settings).of({ quota: true } as never);
  if (quota === undefined) throw new Error("unreachable: the route has a quota");
  return {
    meter,
    async begin(address) {
      const [request, reply] = exchangeFrom(address);
      await meter.admit(request, reply, quota);
      if (request.quota === null) throw new Error("unreachable: it was admitted");
      return {
        run: request.quota,
        leave: (delivered) => meter.leave(request, delivered),
      };
    },
  };
}
