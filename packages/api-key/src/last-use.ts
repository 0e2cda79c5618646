import { BoundedCache } from "@enfilade/auth";
import type { FastifyBaseLogger } from "fastify";
import type { ResolvedOptions } from "./options.ts";

/** Tells of the use of a key, now and then: a database need not hear of every request. */
export type NoteUse = (id: string, hash: string, log: FastifyBaseLogger) => void;

/** Makes the function that notes uses. */
export function createNoteUse({ onUse, useIntervalMs, now }: ResolvedOptions): NoteUse | undefined {
  if (onUse === undefined) return undefined;
  const told = new BoundedCache<number>(100_000);
  return (id, hash, log) => {
    const at = now();
    const last = told.get(hash);
    if (last !== undefined && at - last < useIntervalMs) return;
    told.set(hash, at);
    const failed = (err: unknown) => log.error({ err, id }, "onUse of an API key has failed");
    try {
      Promise.resolve(onUse({ id, hash, at })).catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}
