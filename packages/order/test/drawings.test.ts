import type { FastifyInstance } from "fastify";
import { SaxesParser } from "saxes";
import { describe, expect, it } from "vitest";
import type { Explanation } from "../src/index.ts";
import { boot } from "./boot.ts";
import { layer, probe } from "./probes.ts";

/** A prefix with everything that means something to XML, HTML, YAML or Mermaid. */
const PREFIX = "/x<\"&'#;[]{}|\\>/:h(^\\d{2})";

async function line(): Promise<Explanation> {
  const app = await boot([
    (app) => app.register(layer("timing", "observe", { onRequest() {}, onSettled() {} })),
    (app) =>
      app.register(
        async (child) => {
          child.register(probe("api-key", "authenticate", [], ["onRequest"]));
          child.get('/a"b', async () => "hello");
        },
        { prefix: PREFIX },
      ),
  ]);
  return app.order.explain("GET", `${PREFIX}/a"b`);
}

/** Reads a document as strictly as XML wants it; gives the texts and titles in it. */
function textsOf(xml: string): string[] {
  const texts: string[] = [];
  const open: string[] = [];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name }) => open.push(name));
  parser.on("closetag", () => open.pop());
  parser.on("text", (text) => {
    if (["text", "title"].includes(open.at(-1) ?? "")) texts.push(text);
  });
  parser.write(xml).close();
  return texts;
}

describe("toSvg", () => {
  it("is a well-formed document that shows every name as it is", async () => {
    const { toSvg } = await line();
    expect(textsOf(toSvg())).toEqual([
      `The line of GET ${PREFIX}/a"b`,
      `GET ${PREFIX}/a"b`,
      "in",
      "out",
      "timing: place observe",
      "observe",
      "timing",
      "→ onRequest",
      "← onSettled",
      "api-key: place authenticate",
      "authenticate",
      "api-key",
      "→ onRequest",
      "the route",
      "scope root",
      `scope ${PREFIX}, the route's own`,
    ]);
  });

  it("needs nothing from elsewhere, and can run nothing", async () => {
    const svg = (await line()).toSvg();
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 \d/);
    expect(svg.replace("http://www.w3.org/2000/svg", "")).not.toMatch(
      /https?:|href=|<script|on\w+="/,
    );
  });

  it("is wide enough for long names, and has room for the line of an app without layers", async () => {
    const app = await boot([
      (app) => app.register(probe("a-name-that-is-longer-than-most-names", "gate")),
      (app) => app.register(probe("b-name-that-is-longer-than-most-names", "gate")),
    ]);
    const empty = await boot([]);
    const widthOf = ({ toSvg }: Explanation) => Number(/viewBox="0 0 ([\d.]+)/.exec(toSvg())?.[1]);
    const places = [
      ...app.order
        .explain("GET", "/")
        .toSvg()
        .matchAll(/class="ink name" x="([\d.]+)"/g),
    ];
    const [first = 0, second = 0] = places.map(([, x]) => Number(x));
    expect(second - first).toBeGreaterThan(37 * 7);
    expect(widthOf(app.order.explain("GET", "/"))).toBeGreaterThan(second);
    expect(textsOf(empty.order.explain("GET", "/").toSvg())).toContain("not found");
  });
});

describe("toSvg of a long line", () => {
  it("has the texts of every second door a storey lower, so that it still fits a page", async () => {
    const count = 14;
    const app = await boot(
      Array.from({ length: count }, (_, index) => {
        const one = probe(`layer-number-${index + 10}`, "gate", [], ["onRequest"]);
        return (app: FastifyInstance) => app.register(one);
      }),
    );
    const svg = app.order.explain("GET", "/").toSvg();
    const names = [...svg.matchAll(/class="ink name" x="([\d.]+)" y="([\d.]+)">layer-number/g)];
    const spots = names.map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
    expect(spots).toHaveLength(count);

    const storeys = [...new Set(spots.map(({ y }) => y))];
    expect(storeys).toHaveLength(2);
    for (const storey of storeys) {
      const places = spots.filter(({ y }) => y === storey).map(({ x }) => x);
      expect(places).toHaveLength(count / 2);
      // As far apart as the names of a short line.
      for (const [index, x] of places.slice(1).entries()) {
        expect(x - (places[index] ?? 0)).toBeGreaterThanOrEqual("layer-number-10".length * 7);
      }
    }
    const notes = [...svg.matchAll(/y="([\d.]+)">→/g)].map(([, y]) => Number(y));
    const [upper = 0, lower = 0] = storeys.toSorted((a, b) => a - b);
    const between = notes.filter((y) => y > upper && y < lower);
    expect(between).toHaveLength(count / 2);
    expect(Math.max(...between)).toBeLessThanOrEqual(lower - 14);
  });
});

describe("toMermaid", () => {
  it("is a flowchart: solid the way in, dotted the way out, a class for each depth of scopes", async () => {
    const [open, title, close, ...chart] = (await line()).toMermaid().split("\n");
    expect([open, close]).toEqual(["---", "---"]);
    // YAML, of which JSON is a part.
    expect(JSON.parse(title?.replace("title: ", "") ?? "")).toBe(`GET ${PREFIX}/a"b`);
    expect(chart.slice(0, 11)).toEqual([
      "flowchart LR",
      "  client([client])",
      '  d1["timing<br/><small>observe · root</small>"]:::depth0',
      expect.stringMatching(
        /^ {2}d2\["api-key<br\/><small>authenticate · .*<\/small>"\]:::depth1$/,
      ),
      "  handler([handler])",
      "  client --> d1",
      "  d1 --> d2",
      "  d2 --> handler",
      "  handler -.-> d2",
      "  d2 -.-> d1",
      "  d1 -.-> client",
    ]);
    expect(chart.slice(11).every((line) => /^ {2}classDef depth\d fill:#/.test(line))).toBe(true);
  });

  it("writes what means something to Mermaid or to HTML by its number", async () => {
    const label = (await line()).toMermaid().match(/authenticate · (.*)<\/small>/)?.[1] ?? "";
    expect(label).toMatch(/^(?:[\w /:.*@()-]|#\d+;)+$/);
    const read = label.replaceAll(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
    expect(read).toBe(PREFIX);
  });
});
