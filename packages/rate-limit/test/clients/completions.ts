/** What everybody is told here. */
export const ANSWER = "forty-two";

const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
const head = { id: "chatcmpl-1", created: 1_767_323_045, model: "m" };

/** A chat completion as OpenAI's API gives it. */
export const completion: object = {
  ...head,
  object: "chat.completion",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: ANSWER },
      logprobs: null,
      finish_reason: "stop",
    },
  ],
  usage,
};

/** The same in pieces. */
export const streamedCompletion: string = [
  { delta: { role: "assistant", content: "forty" }, finish_reason: null },
  { delta: { content: "-two" }, finish_reason: null },
  { delta: {}, finish_reason: "stop" },
]
  .map((choice) => ({
    ...head,
    object: "chat.completion.chunk",
    choices: [{ index: 0, ...choice }],
  }))
  .map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
  .concat("data: [DONE]\n\n")
  .join("");

/** A message as Anthropic's API gives it. */
export const message: object = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [{ type: "text", text: ANSWER }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 2 },
};
