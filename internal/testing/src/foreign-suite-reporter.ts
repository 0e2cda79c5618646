import type { ForeignReport } from "./foreign-suite.ts";

interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly nesting?: number;
    readonly skip?: unknown;
    readonly details?: { readonly type?: string; readonly error?: { cause?: unknown } };
  };
}

/** A reporter of `node:test` that writes one line of JSON for each test that has ended; suites are only names on its path. */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const path: string[] = [];
  for await (const { type, data } of events) {
    const { name = "", nesting = 0, details } = data;
    if (type === "test:start") path.splice(nesting, path.length, name);
    if ((type !== "test:pass" && type !== "test:fail") || details?.type === "suite") continue;
    const cause = details?.error?.cause ?? details?.error;
    const told: ForeignReport = {
      path: [...path.slice(0, nesting), name],
      passed: type === "test:pass",
      why: cause === undefined ? "" : (String(cause).split("\n")[0] ?? ""),
    };
    yield `${JSON.stringify(told)}\n`;
  }
}
