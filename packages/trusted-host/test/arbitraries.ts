import fc from "fast-check";

/** Names and addresses as clients send them. */
export const hostname: fc.Arbitrary<string> = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
);

const port = fc.integer({ min: 1, max: 65_535 });

/** What could be taken for a host by one reader, and for another host by another. */
export const malformedHost: fc.Arbitrary<string> = fc.oneof(
  fc.constant(""),
  fc
    .tuple(
      hostname,
      hostname,
      fc.constantFrom(",", ", ", " ", ";", "\t", "@", "/", "\\", "#", "?", "%00", "%2f"),
    )
    .map(([one, other, glue]) => `${one}${glue}${other}`),
  fc.tuple(fc.string({ minLength: 1 }), hostname).map(([user, host]) => `${user}@${host}`),
  fc
    .ipV6()
    .chain((address) =>
      fc.constantFrom(
        `[${address}`,
        `${address}]`,
        `[[${address}]]`,
        `[${address}%25lo]`,
        `[${address}]a`,
      ),
    ),
  fc.tuple(hostname, fc.integer({ min: 65_536 })).map(([host, number]) => `${host}:${number}`),
  fc
    .tuple(hostname, fc.constantFrom(":", ":0", ":-1", ":+1", ":1e3", ": 80", ":80 ", ":0x50"))
    .map(([host, end]) => `${host}${end}`),
  fc.tuple(hostname, port, port).map(([host, one, other]) => `${host}:${one}:${other}`),
  fc
    .tuple(hostname, fc.constantFrom("\u0000", "\u00a0", "\u3002", "\uff0e", "é", "\n", "\r\n"))
    .map(([host, strange]) => `${host}${strange}`),
  fc
    .tuple(fc.constantFrom("http://", "//", "\\\\", " ", "."), hostname)
    .map(([before, host]) => `${before}${host}`),
);
