import { Readable } from "node:stream";
import { createApp, WAYS } from "@enfilade/line-testing";
import fc from "fast-check";
import type { FastifyInstance, FastifyReply } from "fastify";
import { expect, it } from "vitest";
import { negotiate } from "../src/accept.ts";
import { CODINGS, compressApp, decoded } from "./apps.ts";

/** A response as a handler may send it, and what the client asks for. */
interface Case {
  readonly kind: keyof typeof KINDS;
  readonly text: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly method: "GET" | "HEAD" | "POST";
  readonly accept: string | undefined;
  readonly ask: Readonly<Record<string, string>>;
}

/** Everything that Fastify sends, made of a text. */
const KINDS = {
  text: (text: string) => text,
  object: (text: string) => ({ text }),
  buffer: (text: string) => Buffer.from(text),
  bytes: (text: string) => new TextEncoder().encode(text),
  stream: (text: string) => Readable.from(pieces(text)),
  binaryStream: (text: string) => Readable.from(pieces(text).map((piece) => Buffer.from(piece))),
  webStream: (text: string) => new Blob([text]).stream(),
  response: (text: string) => new Response(text),
  nothing: () => undefined,
} as const;

function pieces(text: string): readonly string[] {
  const middle = Math.floor(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}

const codings = ["gzip", "x-gzip", "br", "deflate", "zstd", "identity", "*", "compress"];
const element = fc
  .tuple(
    fc.constantFrom(...codings),
    fc.constantFrom("", "", "", ";q=0", ";q=0.5", ";q=1", ";q=nan"),
  )
  .map((parts) => parts.join(""));

/** Headers, each of which is there once in as many times as is said. */
function headersOf(fields: Readonly<Record<string, readonly [times: number, ...string[]]>>) {
  const maybe = Object.entries(fields).map(([name, [times, ...values]]) =>
    fc.oneof(
      { weight: times - 1, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.constantFrom(...values).map((value) => [[name, value]] as const) },
    ),
  );
  return fc.tuple(...maybe).map((some): Record<string, string> => Object.fromEntries(some.flat()));
}

const anyCase: fc.Arbitrary<Case> = fc.record({
  kind: fc.constantFrom(...(Object.keys(KINDS) as (keyof typeof KINDS)[])),
  text: fc
    .tuple(
      fc.string({ unit: "binary", minLength: 1, maxLength: 8 }),
      fc.constantFrom(0, 1, 50, 800, 2000, 5000),
    )
    .map(([unit, times]) => unit.repeat(times)),
  status: fc.oneof(
    { weight: 2, arbitrary: fc.constant(200) },
    { weight: 1, arbitrary: fc.constantFrom(201, 203, 204, 205, 206, 304, 404, 500) },
  ),
  headers: headersOf({
    "content-type": [
      2,
      "text/plain",
      "text/css; charset=utf-8",
      "application/json; charset=utf-8",
      "application/problem+json; charset=utf-8",
      "image/png",
      "text/event-stream",
    ],
    etag: [2, '"v1"', 'W/"v1"', '""'],
    vary: [2, "Origin", "*", "accept-encoding, origin"],
    "accept-ranges": [2, "bytes"],
    "cache-control": [4, "public, max-age=60", "no-store", "no-transform"],
    "content-encoding": [8, "identity", "aws-chunked"],
    "repr-digest": [8, "sha-256=:abc:"],
  }),
  method: fc.constantFrom("GET", "HEAD", "POST"),
  accept: fc.option(
    fc.array(element, { minLength: 1, maxLength: 4 }).map((elements) => elements.join(", ")),
    { nil: undefined, freq: 6 },
  ),
  ask: headersOf({
    "if-none-match": [4, '"v1"', 'W/"v1"'],
    "cache-control": [8, "no-transform"],
  }),
});

/** Serves the case at hand, whatever it is, at `/`. */
function serve(app: FastifyInstance, current: () => Case): void {
  const handler = (_request: unknown, reply: FastifyReply) => {
    const { kind, text, status, headers } = current();
    reply.code(status).headers(headers);
    const payload = KINDS[kind](text);
    if (payload instanceof Response) {
      // Its own status and headers are what counts.
      const body = [204, 205, 304].includes(status) ? null : text;
      return reply.send(new Response(body, { status, headers }));
    }
    return reply.send(payload);
  };
  app.route({ method: ["GET", "POST"], url: "/", handler });
}

/** What the codings may change, and nothing else: what is left has to be the same. */
function comparable(headers: Readonly<Record<string, unknown>>) {
  const changed = ["date", "connection", "content-encoding", "content-length", "transfer-encoding"];
  const left = Object.entries(headers).filter(
    ([name]) => ![...changed, "vary", "etag", "accept-ranges"].includes(name),
  );
  return Object.fromEntries(left);
}

const names = (vary: unknown) =>
  String(vary ?? "")
    .toLowerCase()
    .split(", ")
    .filter((name) => name !== "");

it.each(WAYS)(
  "whatever is asked and sent, what is decoded is what would be sent without the layer, %s",
  {
    timeout: 60_000,
  },
  async (way) => {
    let current: Case | undefined;
    const get = () => current as Case;
    const bare = await createApp();
    serve(bare, get);
    const apps = await Promise.all([1024, 0].map((minBytes) => compressApp({ minBytes }, { way })));
    for (const app of apps) serve(app, get);

    let encodedOnes = 0;
    await fc.assert(
      fc.asyncProperty(anyCase, fc.nat(apps.length - 1), async (next, index) => {
        const app = apps[index] as FastifyInstance;
        current = next;
        const { method, accept, ask, headers: sent, kind } = next;
        // A HEAD without anything may stand for a GET with something: both are in order.
        fc.pre(!(method === "HEAD" && kind === "nothing"));
        // Fastify answers HEAD with 500 for a Response, unless a hook has unwrapped it before its own,
        fc.pre(!(method === "HEAD" && kind === "response"));
        // and does not serialise an object to anything else than JSON.
        fc.pre(!(kind === "object" && !/json/.test(sent["content-type"] ?? "json")));
        const headers = { ...ask, ...(accept !== undefined && { "accept-encoding": accept }) };
        const request = { method, url: "/", headers } as const;
        const plain = await bare.inject(request);
        const actual = await app.inject(request);
        const { coding, plainRefused } = negotiate(accept, CODINGS);
        if (plainRefused && coding === undefined) {
          expect(actual.statusCode).toBe(406);
          return;
        }
        expect(actual.statusCode).toBe(plain.statusCode);
        expect(comparable(actual.headers)).toEqual(comparable(plain.headers));

        const used = actual.headers["content-encoding"] as string | undefined;
        const isEncoded = used !== undefined && used !== sent["content-encoding"];
        if (isEncoded) encodedOnes += 1;
        if (method === "HEAD") {
          expect(actual.rawPayload).toHaveLength(0);
          const get = await app.inject({ ...request, method: "GET" });
          const { etag, vary, "content-encoding": encoding } = get.headers;
          expect([actual.headers.etag, actual.headers.vary, used]).toEqual([etag, vary, encoding]);
        } else {
          const body = isEncoded ? decoded(actual.rawPayload, used) : actual.rawPayload;
          expect(body.equals(plain.rawPayload)).toBe(true);
        }

        if (isEncoded) {
          expect(negotiate(accept, CODINGS).coding).toBeDefined();
          expect(names(actual.headers.vary)).toEqual(
            expect.arrayContaining([expect.stringMatching(/^(\*|accept-encoding)$/)]),
          );
          expect(actual.headers).not.toHaveProperty("accept-ranges");
          expect(String(actual.headers.etag ?? "W/")).toMatch(/^W\//);
          expect(sent["cache-control"]).not.toBe("no-transform");
          expect(ask["cache-control"]).not.toBe("no-transform");
          expect([204, 205, 206, 304]).not.toContain(actual.statusCode);
        } else if (actual.statusCode !== 304) {
          expect(actual.headers.etag).toEqual(plain.headers.etag);
          expect(actual.headers["content-length"]).toEqual(plain.headers["content-length"]);
          expect(actual.headers["accept-ranges"]).toEqual(plain.headers["accept-ranges"]);
        }
        // Nothing that was there goes missing.
        expect(names(actual.headers.vary)).toEqual(
          expect.arrayContaining(names(plain.headers.vary)),
        );
        const length = actual.headers["content-length"];
        if (method !== "HEAD" && length !== undefined && actual.statusCode !== 304) {
          expect(length).toBe(String(actual.rawPayload.length));
        }
      }),
      { numRuns: 400 },
    );
    // Some forty as a rule: the property is about something.
    expect(encodedOnes).toBeGreaterThan(10);
  },
);
