import type { ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import type { Exchange } from "./exchange.ts";

const kSettling: unique symbol = Symbol.for("enfilade.settling");

interface Settled {
  [kSettling]?: Settling;
}

/** Gives the exchanges under way in an instance, or those of the nearest ancestor that follows them. */
export function settlingOf(app: FastifyInstance & Settled): Settling | undefined {
  return app[kSettling];
}

/** Follows the exchanges of an instance and of the scopes below it, and makes closing the app wait for them. */
export function followExchanges(app: FastifyInstance & Settled): Settling {
  const settling = new Settling();
  app[kSettling] = settling;
  // Closing runs the last `onClose` first. Added only now, this one comes right behind the server's own, and
  // before whatever a settling may still need, such as a connection to a store.
  app.addHook("preClose", (done) => {
    const { onClose } = app as unknown as Closable;
    onClose.call(app, () => settling.finish());
    done();
  });
  return settling;
}

/** What `addHook("onClose")` calls; `addHook` itself refuses once the app has started. */
interface Closable {
  onClose(close: () => Promise<void>): unknown;
}

/** Exchanges that have not come to their end, and settlings that take time. */
export class Settling {
  readonly #open = new Set<Exchange>();
  readonly #running = new Set<Promise<void>>();
  #wake: () => void = () => {};

  begin(exchange: Exchange): void {
    this.#open.add(exchange);
  }

  /** Takes what is left of the settling, which must never reject. */
  end(exchange: Exchange, rest: Promise<void> | undefined): void {
    this.#open.delete(exchange);
    if (rest !== undefined) {
      this.#running.add(rest);
      void rest.then(() => this.#running.delete(rest));
    }
    this.#wake();
  }

  /**
   * Resolves when everything has settled that can. A server may be closed before the responses have heard
   * that their connections are; a response that has no connection, such as one of `inject`, is not waited for.
   */
  async finish(): Promise<void> {
    while ([...this.#open].some(isCut)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    await Promise.all(this.#running);
  }
}

/** Tells whether the connection of an exchange, or its HTTP/2 stream, is gone: its end is certain to come. */
function isCut({ request, reply }: Exchange): boolean {
  const raw: ServerResponse & { stream?: { destroyed?: boolean } } = reply.raw;
  return (raw.stream ?? request.raw.socket)?.destroyed === true;
}
