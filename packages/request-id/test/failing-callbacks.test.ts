import { once } from "node:events";
import { createApp } from "@enfilade/line-testing";
import { createLogLines } from "@enfilade/testing";
import { expect, it } from "vitest";
import { createGenReqId, type RequestIdOptions, requestId } from "../src/index.ts";

const UUID = /^[0-9a-f-]{36}$/;

async function answer(options: RequestIdOptions) {
  const log = createLogLines();
  const app = await createApp({ logger: { level: "error", stream: log.stream } });
  await app.register(requestId, options);
  app.get("/", async (request) => request.trace.parentId ?? "new trace");
  const response = await app.inject({
    url: "/",
    headers: {
      "x-request-id": "abc",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    },
  });
  return { response, log };
}

function raise(): never {
  throw new Error("boom");
}

it.each<[string, RequestIdOptions]>([
  ["an accept that throws", { accept: raise, acceptTrace: false }],
  [
    "an accept that answers with a promise, which would be true for everybody",
    { accept: (async () => true) as unknown as () => boolean, acceptTrace: false },
  ],
  ["a generator that throws", { accept: false, generate: raise }],
  ["a generator that makes what is no id", { accept: false, generate: () => "a\nb" }],
  ["a generator that makes nothing", { accept: false, generate: (() => {}) as () => never }],
])("goes on with a UUID, and logs it, after %s", async (_what, options) => {
  const { response, log } = await answer(options);
  expect(response.statusCode).toBe(200);
  expect(response.headers["x-request-id"]).toMatch(UUID);
  expect(log.items).toEqual([
    expect.objectContaining({
      level: 50,
      err: expect.objectContaining({ code: "REQUEST_ID_CALLBACK_FAILED" }),
    }),
  ]);
});

it("restarts the trace, and logs it, after an acceptTrace that throws", async () => {
  const { response, log } = await answer({ acceptTrace: raise });
  expect(response.body).toBe("new trace");
  expect(response.headers["x-request-id"]).toBe("abc");
  expect(log.items).toHaveLength(1);
});

it("warns through the process where there is no log", async () => {
  const genReqId = createGenReqId({ generate: raise });
  const warned = once(process, "warning");
  expect(genReqId({ headers: {} } as never)).toMatch(UUID);
  expect(await warned).toEqual([expect.objectContaining({ code: "REQUEST_ID_CALLBACK_FAILED" })]);
});
