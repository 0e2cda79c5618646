import formbody from "@fastify/formbody";
import multipart from "@fastify/multipart";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { InputFile } from "../agents/agent.ts";
import { HttpError } from "./errors.ts";

/** The most that one JSON or urlencoded body, or one text field, may hold. */
export const maxTextBytes = 1_048_576;

const multipartLimits = {
  fieldNameSize: 100,
  fieldSize: maxTextBytes,
  fields: 32,
  fileSize: 5 * 1_048_576,
  files: 4,
  parts: 36,
} as const;

/** The fields and files of a body, whichever way it was encoded. */
export interface BodyFields {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly files: readonly InputFile[];
}

/** Accepts the three kinds of body that clients send, each within limits. */
export function acceptBodies(app: FastifyInstance): void {
  app.register(formbody, { bodyLimit: maxTextBytes });
  app.register(multipart, { limits: multipartLimits });
  // Clients send `Content-Type: application/json` by habit, also with a DELETE or a POST that has no body.
  const parseJson = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body === "") done(null, undefined);
    else void parseJson(request, String(body), done);
  });
}

/**
 * Reads the fields of a body.
 *
 * @throws {HttpError} 400 when a JSON body is not an object or a form is broken, 413 when a part is over its limit.
 */
export async function readFields(request: FastifyRequest): Promise<BodyFields> {
  if (request.isMultipart()) {
    return readParts(request).catch((error: unknown) => {
      // What the parser finds wrong in a form, such as a boundary that is missing, comes as a plain error.
      if (error instanceof Error && "statusCode" in error) throw error;
      throw new HttpError(400, "The form cannot be read");
    });
  }
  const body = request.body ?? {};
  if (typeof body !== "object" || Array.isArray(body)) {
    throw new HttpError(400, "The body must be an object");
  }
  return { fields: { ...body }, files: [] };
}

async function readParts(request: FastifyRequest): Promise<BodyFields> {
  const fields = new Map<string, unknown>();
  const files: InputFile[] = [];
  for await (const part of request.parts()) {
    if (part.type === "file") {
      const bytes = await part.toBuffer();
      files.push({ name: part.filename, mediaType: part.mimetype, bytes });
    } else if (part.valueTruncated) {
      throw new HttpError(413, `The field ${part.fieldname} is over ${maxTextBytes} bytes`);
    } else {
      fields.set(part.fieldname, part.value);
    }
  }
  return { fields: Object.fromEntries(fields), files };
}
