import "./types.ts";

export type { Coding } from "./codings.ts";
export { CONTENT_TYPES } from "./content-types.ts";
export {
  COMPRESS_BODY_TOO_LARGE,
  COMPRESS_INVALID_BODY,
  COMPRESS_INVALID_OPTION,
  COMPRESS_NOT_ACCEPTABLE,
  COMPRESS_REGISTERED_TWICE,
  COMPRESS_UNSUPPORTED_CODING,
} from "./errors.ts";
export { compress, compress as default } from "./layer.ts";
export type { CompressOptions, RequestOptions } from "./options.ts";
