import OpenAI from "openai";
import { AgentFailure } from "./agent.ts";

/** Turns an error of the provider's API into one that a caller may read: the original may quote keys and URLs. */
export function providerFailure(error: unknown): unknown {
  if (error instanceof OpenAI.APIUserAbortError) return error;
  if (error instanceof OpenAI.APIConnectionError) {
    return failure("provider_unreachable", "The model provider cannot be reached", error);
  }
  if (isCutOff(error)) {
    return failure("provider_broke_off", "The model provider broke off its answer", error);
  }
  if (!(error instanceof OpenAI.APIError)) return error;
  const { status } = error;
  if (status === 401 || status === 403) {
    return failure("provider_refused", "The model provider refused this server's key", error);
  }
  if (status === 429) {
    return failure("provider_rate_limited", "The model provider limits this server's rate", error);
  }
  const code = status === undefined ? "" : ` (status ${status})`;
  return failure("provider_error", `The model provider answered with an error${code}`, error);
}

/** A connection that ends before the answer does is an error of Node's `fetch`, not of the SDK. */
function isCutOff(error: unknown): error is TypeError {
  return error instanceof TypeError && error.message === "terminated";
}

function failure(type: string, message: string, cause: Error): AgentFailure {
  return new AgentFailure(type, message, { cause });
}
