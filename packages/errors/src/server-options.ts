import { randomUUID } from "node:crypto";
import { validateHeaderName, validateHeaderValue } from "node:http";
import { optionReader } from "@enfilade/layer";
import { ERRORS_INVALID_OPTION } from "./errors.ts";

type Headers = Readonly<Record<string, string>>;

/** The options of `serverErrors`. */
export interface ServerErrorsOptions {
  /**
   * Headers for the responses that no layer reaches; as a function, by whether the connection is encrypted.
   *
   * **Security**: `Strict-Transport-Security` belongs on encrypted connections only.
   * @defaultValue none
   */
  readonly headers?: Headers | ((secure: boolean) => Headers);
  /**
   * The header that carries the request id; `false` for none. The body has it in any case.
   * @defaultValue `"x-request-id"`
   */
  readonly requestIdHeader?: string | false;
  /**
   * Makes the id of a request that Node could not read.
   * @defaultValue `crypto.randomUUID`
   */
  readonly generateRequestId?: () => string;
}

/** The options, complete and checked. */
export interface ServerSettings {
  headersOf(secure: boolean): Headers;
  readonly requestIdHeader: string | undefined;
  readonly generateRequestId: () => string;
}

const KNOWN = ["headers", "requestIdHeader", "generateRequestId"] as const;

/** The headers that the answer itself is made of. */
const RESERVED = ["connection", "content-length", "content-type", "transfer-encoding"];

/**
 * Checks the options and fills in the defaults.
 *
 * @throws `ERRORS_INVALID_OPTION`
 */
export function resolveServerOptions(options: ServerErrorsOptions): ServerSettings {
  const read = optionReader("@enfilade/errors", ERRORS_INVALID_OPTION, options, KNOWN);
  const { headers = {}, requestIdHeader, generateRequestId = randomUUID } = options;
  const give = typeof headers === "function" ? headers : () => headers;
  if (typeof give(false) !== "object" || ![give(true), give(false)].every(isSendable)) {
    return read.refuse(
      "headers",
      `Give names and values that HTTP allows, other than ${RESERVED.join(", ")}.`,
    );
  }
  if (typeof generateRequestId !== "function") {
    return read.refuse("generateRequestId", "Give a function that returns a new id.");
  }
  const name =
    requestIdHeader === false
      ? undefined
      : read.string("requestIdHeader", "x-request-id", {
          pattern: /[A-Za-z0-9-]+/,
          fix: "Give the name of a header, or false.",
        });
  // Made once: these are sent to whoever sends garbage, as fast as they can send it.
  const [plain, secure] = [give(false), give(true)];
  return {
    headersOf: (isSecure) => (isSecure ? secure : plain),
    requestIdHeader: name,
    generateRequestId,
  };
}

function isSendable(headers: Headers): boolean {
  try {
    for (const [name, value] of Object.entries(headers)) {
      if (RESERVED.includes(name.toLowerCase())) return false;
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    return true;
  } catch {
    return false;
  }
}
