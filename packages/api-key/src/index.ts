export {
  API_KEY_EXPIRED,
  API_KEY_INVALID,
  API_KEY_INVALID_OPTION,
  API_KEY_LOOKUP_TIMEOUT,
} from "./errors.ts";
export { generateKey, hashKey, isKey, type NewKey } from "./key.ts";
export { apiKey, apiKey as default } from "./layer.ts";
export type { KeyLookup, LookupCacheOptions } from "./lookup.ts";
export type { ApiKeyOptions, GivenKey, KeySource, KeyUse } from "./options.ts";
export type { KeyRecord } from "./record.ts";
