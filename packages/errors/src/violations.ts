import { toPointer } from "./pointer.ts";
import type { Violation } from "./types.ts";

/** A validator with `allErrors` finds as many as the body has members. */
const MAX_VIOLATIONS = 50;
const MAX_DETAIL = 500;

const PARTS: Readonly<Record<string, Violation["in"]>> = {
  body: "body",
  params: "params",
  headers: "headers",
  query: "query",
  querystring: "query",
};

/** The members that validators name where they found a fault; `key` is Standard Schema's. */
type Step = string | number | { readonly key: string | number };

/** What Ajv, a Standard Schema (zod, valibot), or Joi says of one fault. */
interface Fault {
  readonly instancePath?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly path?: readonly Step[];
  readonly message?: string;
}

/**
 * Reads what a validator found wrong. Only an error that Fastify's own validation has marked counts: the same
 * validator may have been at work on something that the client did not send.
 */
export function violationsOf(fields: {
  readonly validation?: unknown;
  readonly validationContext?: unknown;
  readonly issues?: unknown;
  readonly details?: unknown;
}): readonly Violation[] {
  const part = PARTS[String(fields.validationContext)];
  if (part === undefined) return [];
  const faults = [fields.validation, fields.issues, fields.details].find(Array.isArray) ?? [];
  return faults.slice(0, MAX_VIOLATIONS).map((fault: Fault) => ({
    in: part,
    pointer: pointerOf(fault),
    detail: String(fault?.message ?? "is not valid").slice(0, MAX_DETAIL),
  }));
}

function pointerOf(fault: Fault): string {
  if (Array.isArray(fault?.path)) return toPointer(fault.path.map(keyOf));
  const missing = missingKey(fault?.params);
  return `${fault?.instancePath ?? ""}${missing === undefined ? "" : toPointer([missing])}`;
}

function keyOf(step: Step): string | number {
  return typeof step === "object" ? step.key : step;
}

/** Ajv points at the object that lacks a member, or has one too many; what one wants to see is the member. */
function missingKey(params: Fault["params"]): string | undefined {
  const key = params?.missingProperty ?? params?.additionalProperty ?? params?.propertyName;
  return typeof key === "string" ? key : undefined;
}
