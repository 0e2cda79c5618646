import { z } from "zod";
import type { JsonObject } from "../store/store.ts";

/** What forms send for a field that was left empty. */
const emptyIsAbsent = (value: unknown): unknown =>
  value === "" || value === null ? undefined : value;

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  "1": true,
  on: true,
  yes: true,
  false: false,
  "0": false,
  off: false,
  no: false,
};

/** Reads a boolean, also as the words that forms use for one. */
export function flag(fallback: boolean): z.ZodType<boolean> {
  return z.preprocess(
    (value) => {
      const given = emptyIsAbsent(value);
      return typeof given === "string" ? (booleans[given.toLowerCase()] ?? given) : given;
    },
    z.boolean({ error: "must be true or false" }).default(fallback),
  );
}

/** Reads an id that may be left out; empty is left out. */
export const optionalId: z.ZodType<string | undefined> = z.preprocess(
  emptyIsAbsent,
  z
    .string({ error: "must be a string" })
    .max(255, { error: "must be at most 255 characters" })
    // Ids go into URLs and logs.
    .regex(/^[\x21-\x7e]+$/, { error: "must be printable ASCII without spaces" })
    .optional(),
);

/** What can be parsed may be too deep to be written again. */
const maxDepth = 64;

/** Reads a JSON object, also as the JSON text that forms send. */
export const jsonObject: z.ZodType<JsonObject> = z.preprocess(
  (value) => {
    const given = emptyIsAbsent(value);
    if (typeof given !== "string") return given;
    try {
      return JSON.parse(given);
    } catch {
      return given;
    }
  },
  z
    .record(z.string(), z.unknown(), { error: "must be a JSON object" })
    .refine((value) => !isDeeper(value, maxDepth), {
      error: `must not be nested deeper than ${maxDepth}`,
    })
    .default({}),
);

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

/** Reads a whole number within bounds, also as text. */
export function wholeNumber(min: number, max: number, fallback: number): z.ZodType<number> {
  const error = `must be a whole number from ${min} to ${max}`;
  const within = (value: number): boolean =>
    Number.isInteger(value) && value >= min && value <= max;
  return z.preprocess(
    emptyIsAbsent,
    z.coerce.number({ error }).refine(within, { error }).default(fallback),
  );
}

/** Reads a text that may be left out; empty is left out. */
export const optionalText: z.ZodType<string | undefined> = z.preprocess(
  emptyIsAbsent,
  z
    .string({ error: "must be a string" })
    .max(1_000, { error: "must be at most 1000 characters" })
    .optional(),
);
