import { createApp } from "@enfilade/line-testing";
import { listen, openExchange } from "@enfilade/testing";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import {
  createSpanId,
  type RequestIdOptions,
  requestId,
  type Trace,
  traceHeaders,
} from "../src/index.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const TRACEPARENT = `00-${TRACE}-${SPAN}-01`;

async function tracingApp(options: RequestIdOptions = {}): Promise<FastifyInstance> {
  const app = await createApp();
  await app.register(requestId, options);
  app.get("/trace", async ({ trace }) => trace);
  app.get("/call", async ({ trace }) => traceHeaders(trace));
  return app;
}

async function traceOf(app: FastifyInstance, headers: Record<string, string>): Promise<Trace> {
  return (await app.inject({ url: "/trace", headers })).json();
}

describe("a request with a traceparent", () => {
  it("continues the caller's trace with a span of its own", async () => {
    const trace = await traceOf(await tracingApp(), {
      traceparent: TRACEPARENT,
      tracestate: "a=1",
    });
    expect(trace).toEqual({
      traceId: TRACE,
      parentId: SPAN,
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      sampled: true,
      random: false,
      state: "a=1",
    });
    expect(trace.spanId).not.toBe(SPAN);
  });

  it("keeps the trace when the tracestate is not valid, and drops that alone", async () => {
    const trace = await traceOf(await tracingApp(), {
      traceparent: TRACEPARENT,
      tracestate: "A=1",
    });
    expect(trace.traceId).toBe(TRACE);
    expect(trace).not.toHaveProperty("state");
  });

  it.each([
    ["an all-zero trace", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["an all-zero span", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["no traceparent at all", ""],
  ])("restarts the trace on %s, and lets no tracestate through", async (_what, traceparent) => {
    const app = await tracingApp();
    const headers = { ...(traceparent && { traceparent }), tracestate: "a=1" };
    const trace = await traceOf(app, headers);
    expect(trace.traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
    expect(trace.traceId).not.toBe(TRACE);
    expect(trace).not.toHaveProperty("parentId");
    expect(trace).not.toHaveProperty("state");
    expect(trace).toMatchObject({ sampled: false, random: true });
  });

  it("restarts the trace when the header comes twice over the wire", async () => {
    const origin = await listen(await tracingApp());
    const exchange = await openExchange(origin, {
      path: "/trace",
      headers: { traceparent: [TRACEPARENT, TRACEPARENT] },
    });
    expect(JSON.parse(await exchange.wholeBody()).traceId).not.toBe(TRACE);
  });

  it("joins several tracestate headers in their order", async () => {
    const origin = await listen(await tracingApp());
    const exchange = await openExchange(origin, {
      path: "/trace",
      headers: { traceparent: TRACEPARENT, tracestate: ["a=1,b=2", "", "c=3"] },
    });
    expect(JSON.parse(await exchange.wholeBody()).state).toBe("a=1,b=2,c=3");
  });
});

describe("whose trace is continued", () => {
  it("is nobody's when no ids are accepted", async () => {
    const trace = await traceOf(await tracingApp({ accept: false }), { traceparent: TRACEPARENT });
    expect(trace.traceId).not.toBe(TRACE);
  });

  it("is everybody's when traces are accepted by themselves", async () => {
    const app = await tracingApp({ accept: false, acceptTrace: true });
    expect((await traceOf(app, { traceparent: TRACEPARENT })).traceId).toBe(TRACE);
  });

  it("is that of the peers that are trusted", async () => {
    const app = await tracingApp({ acceptTrace: ["10.0.0.0/8"] });
    const from = async (remoteAddress: string): Promise<Trace> =>
      (
        await app.inject({ url: "/trace", remoteAddress, headers: { traceparent: TRACEPARENT } })
      ).json();
    expect((await from("10.1.1.1")).traceId).toBe(TRACE);
    expect((await from("192.0.2.1")).traceId).not.toBe(TRACE);
  });
});

describe("request.trace", () => {
  it("is the same object for as long as the request lives", async () => {
    const seen: Trace[] = [];
    const app = await tracingApp();
    app.get("/same", {
      onRequest: async (request) => void seen.push(request.trace),
      handler: async (request) => seen.push(request.trace),
    });
    await app.inject("/same");
    expect(seen[1]).toBe(seen[0]);
  });

  it("differs from request to request", async () => {
    const app = await tracingApp();
    const traces = await Promise.all(Array.from({ length: 50 }, () => traceOf(app, {})));
    expect(new Set(traces.map((trace) => trace.traceId)).size).toBe(50);
    expect(new Set(traces.map((trace) => trace.spanId)).size).toBe(50);
  });

  it("starts as sampled when it is told to", async () => {
    const trace = await traceOf(await tracingApp({ sampleNewTraces: true }), {});
    expect(trace.sampled).toBe(true);
  });
});

describe("the headers for a call to another service", () => {
  it("carry the trace, this request's span and the tracestate", async () => {
    const app = await tracingApp();
    const headers = { traceparent: TRACEPARENT, tracestate: "a=1" };
    const outgoing = (await app.inject({ url: "/call", headers })).json();
    expect(outgoing.traceparent).toMatch(new RegExp(`^00-${TRACE}-(?!${SPAN})[0-9a-f]{16}-01$`));
    expect(outgoing.tracestate).toBe("a=1");
  });

  it("leave out a tracestate that is not there", async () => {
    const outgoing = (await (await tracingApp()).inject("/call")).json();
    expect(Object.keys(outgoing)).toEqual(["traceparent"]);
  });

  it("name another span where each call has one of its own", async () => {
    const trace: Trace = {
      traceId: TRACE,
      parentId: undefined,
      spanId: SPAN,
      sampled: false,
      random: true,
      state: undefined,
    };
    const span = createSpanId();
    expect(traceHeaders(trace).traceparent).toBe(`00-${TRACE}-${SPAN}-02`);
    expect(traceHeaders(trace, span).traceparent).toBe(`00-${TRACE}-${span}-02`);
  });

  it("are continued by the service that is called", async () => {
    const inner = await tracingApp();
    const outer = await tracingApp();
    outer.get("/through", async ({ trace }) => ({
      mine: trace.spanId,
      theirs: await traceOf(inner, { ...traceHeaders(trace) }),
    }));
    const headers = { traceparent: TRACEPARENT };
    const { mine, theirs } = (await outer.inject({ url: "/through", headers })).json();
    expect(theirs).toMatchObject({ traceId: TRACE, parentId: mine, sampled: true });
  });
});
