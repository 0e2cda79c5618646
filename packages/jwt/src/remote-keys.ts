import type { Algorithm } from "./algorithms.ts";
import { JWT_KEYS_UNAVAILABLE } from "./errors.ts";
import { type ReadKeys, readJwks } from "./jwks.ts";
import type { VerificationKey } from "./key.ts";
import { chooseKeys, type KeySource } from "./key-source.ts";

/** How keys are fetched. */
export interface RemoteSettings {
  readonly url: string;
  readonly algorithms: readonly Algorithm[] | undefined;
  readonly refreshSeconds: number;
  readonly cooldownSeconds: number;
  readonly maxStaleSeconds: number;
  readonly timeoutMs: number;
  readonly now: () => number;
  /** Hears what went wrong, and what was skipped. */
  warn(details: object, message: string): void;
}

const MAX_BYTES = 512 * 1024;

/**
 * Keys that are fetched from a JWK Set. One fetch at a time; after each, whether it worked or not, none for
 * the cooldown, whatever tokens say. Old keys serve while new ones cannot be had, up to a bound.
 */
export class RemoteKeys implements KeySource {
  epoch = 0;
  readonly #settings: RemoteSettings;
  readonly #closing = new AbortController();
  #keys: readonly VerificationKey[] = [];
  #text = "";
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #pending: Promise<void> | undefined;

  constructor(settings: RemoteSettings) {
    this.#settings = settings;
  }

  isUsable(): boolean {
    return this.#age() < this.#settings.maxStaleSeconds;
  }

  find(
    kid: string | undefined,
    algorithm: Algorithm,
  ): readonly VerificationKey[] | Promise<readonly VerificationKey[]> {
    const choose = () => chooseKeys(this.#keys, kid, algorithm);
    if (this.isUsable()) {
      const found = choose();
      const isOld = this.#age() >= this.#settings.refreshSeconds;
      if (found.length > 0) {
        // The caller need not wait for a fetch that somebody else will profit from.
        if (isOld) void this.refresh();
        return found;
      }
      return this.#mayFetch() ? this.refresh().then(choose) : [];
    }
    return this.refresh().then(() => {
      if (!this.isUsable()) throw new JWT_KEYS_UNAVAILABLE();
      return choose();
    });
  }

  /** Fetches the keys, unless that was tried a moment ago. Never fails: what went wrong is logged. */
  refresh(): Promise<void> {
    if (this.#pending !== undefined) return this.#pending;
    if (!this.#mayFetch()) return Promise.resolve();
    this.#triedAt = this.#settings.now();
    this.#pending = this.#fetch().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  close(): void {
    this.#closing.abort();
  }

  #age(): number {
    return (this.#settings.now() - this.#fetchedAt) / 1000;
  }

  #mayFetch(): boolean {
    const since = (this.#settings.now() - this.#triedAt) / 1000;
    return this.#pending !== undefined || since >= this.#settings.cooldownSeconds;
  }

  async #fetch(): Promise<void> {
    const { url, algorithms, warn, now } = this.#settings;
    try {
      const text = await this.#download();
      const { keys, skipped }: ReadKeys = readJwks(text, algorithms, false);
      this.#fetchedAt = now();
      if (text === this.#text) return;
      this.#text = text;
      this.#keys = keys;
      this.epoch += 1;
      if (skipped.length > 0) warn({ url, skipped }, "some keys of the JWK Set cannot be used");
    } catch (err) {
      if (!this.#closing.signal.aborted) warn({ url, err }, "the JWK Set could not be fetched");
    }
  }

  async #download(): Promise<string> {
    const { url, timeoutMs } = this.#settings;
    const response = await fetch(url, {
      // A redirect would let whoever answers choose where the keys come from.
      redirect: "error",
      signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]),
      headers: { accept: "application/jwk-set+json, application/json" },
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`The answer was ${response.status}.`);
    }
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      if (length > MAX_BYTES) throw new Error(`The answer is longer than ${MAX_BYTES} bytes.`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  }
}
