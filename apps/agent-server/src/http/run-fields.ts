import { z } from "zod";
import type { JsonObject } from "../store/store.ts";
import { flag, jsonObject, optionalId, wholeNumber } from "./fields.ts";

/** Whose run, and in which session. */
export interface OwnerFields {
  readonly session_id?: string | undefined;
  readonly user_id?: string | undefined;
}

/** How a run is to be answered. */
export interface ContinueFields extends OwnerFields {
  readonly stream: boolean;
  readonly background: boolean;
}

/** What a run is begun with. */
export interface RunFields extends ContinueFields {
  readonly message: string;
  readonly session_state: JsonObject;
  readonly dependencies: JsonObject;
  readonly metadata: JsonObject;
}

/** From where on a run is to be read. */
export interface ResumeFields extends OwnerFields {
  readonly last_event_index: number;
}

const ownerShape = { session_id: optionalId, user_id: optionalId };
const continueShape = { ...ownerShape, stream: flag(true), background: flag(false) };

export const ownerFields: z.ZodType<OwnerFields> = z.object(ownerShape);
export const continueFields: z.ZodType<ContinueFields> = z.object(continueShape);
export const runFields: z.ZodType<RunFields> = z.object({
  ...continueShape,
  message: z
    .string({ error: "is required and must be a string" })
    .min(1, { error: "must not be empty" })
    .max(100_000, { error: "must be at most 100000 characters" }),
  session_state: jsonObject,
  dependencies: jsonObject,
  metadata: jsonObject,
});
export const resumeFields: z.ZodType<ResumeFields> = z.object({
  ...ownerShape,
  last_event_index: wholeNumber(-1, Number.MAX_SAFE_INTEGER, -1),
});
