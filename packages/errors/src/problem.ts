import { type Fields, fieldsOf, isExposed, publicCode } from "./exposure.ts";
import { extensionsOf, typeOf } from "./extensions.ts";
import { codeOfStatus, detailOfStatus, knownError, titleOf } from "./known.ts";
import { toParam } from "./pointer.ts";
import type { Problem, Violation } from "./types.ts";
import { violationsOf } from "./violations.ts";

/** Enough for any sentence; a validator may quote names that the client has chosen. */
const MAX_DETAIL = 1_000;

/** What is known of the exchange that an error belongs to. */
export interface Circumstances {
  /** The status that the reply would have by itself. */
  readonly status: number;
  readonly requestId: string;
  readonly callId: Problem["callId"];
  /** Before the code in the URI of the kind of problem. */
  readonly types: string | undefined;
}

/** Says of an error what a client may know. Never throws, whatever was thrown. */
export function toProblem(thrown: unknown, circumstances: Circumstances): Problem {
  const fields = fieldsOf(thrown);
  const status = fields.upstream ? 502 : circumstances.status;
  const known = knownError(fields.code, status);
  const exposed = isExposed(fields, status);
  const violations = exposed ? violationsOf(fields) : [];
  const code = known?.code ?? (exposed ? publicCode(fields.code) : undefined);
  const detail = known?.detail ?? (exposed ? textOf(fields.message) : undefined);
  const plain = plainProblem(
    { code: code ?? codeOfStatus(status), detail: detail ?? detailOfStatus(status) },
    { ...circumstances, status },
  );
  return {
    ...plain,
    type: (exposed ? typeOf(fields) : undefined) ?? plain.type,
    violations,
    extensions: exposed ? extensionsOf(fields) : {},
    param: exposed ? paramOf(fields, violations) : undefined,
  };
}

function textOf(message: unknown): string | undefined {
  return typeof message === "string" && message !== "" ? message.slice(0, MAX_DETAIL) : undefined;
}

function paramOf({ param }: Fields, [first]: readonly Violation[]): string | undefined {
  if (typeof param === "string") return param;
  return first === undefined ? undefined : toParam(first.pointer) || undefined;
}

/** Makes a problem without an error: of a status, a code and words for it. */
export function plainProblem(
  { code, detail }: { readonly code: string; readonly detail: string },
  { status, requestId, callId, types }: Circumstances,
): Problem {
  return {
    status,
    title: titleOf(status),
    code,
    type: types === undefined ? "about:blank" : `${types}${code}`,
    detail,
    requestId,
    callId,
    violations: [],
    extensions: {},
    param: undefined,
  };
}

/** Finds the id of the JSON-RPC call that a body holds; `null` where there is none (JSON-RPC 2.0, section 5). */
export function callIdOf(body: unknown): Problem["callId"] {
  if (typeof body !== "object" || body === null || !("id" in body)) return null;
  const { id } = body;
  return typeof id === "string" || typeof id === "number" ? id : null;
}
