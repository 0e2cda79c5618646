/**
 * Gives one piece of a stream, and another when the test lets it, by resolving what the stream waits for; or fails by
 * rejecting it.
 *
 * @example
 * const rest = createDeferred<string>();
 * app.get("/run", (_request, reply) => reply.send(Readable.from(pieces("first ", rest.promise))));
 * // … look at the response in the middle of its stream …
 * rest.resolve("last");
 */
export async function* pieces(first: string, then: Promise<string>): AsyncGenerator<string> {
  yield first;
  yield await then;
}
