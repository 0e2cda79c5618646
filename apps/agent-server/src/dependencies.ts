import { fileURLToPath } from "node:url";
import type { Agent } from "./agents/agent.ts";
import { createDocsAgent } from "./agents/docs.ts";
import { createEchoAgent } from "./agents/echo.ts";
import type { Config } from "./config.ts";
import { findRepository, readDocuments } from "./search/documents.ts";
import { createPassageIndex, type PassageIndex } from "./search/passage-index.ts";
import { openSqliteStore } from "./store/sqlite/store.ts";
import type { Store } from "./store/store.ts";

/** Fast to read along, slow enough to see that it streams. */
const wordDelayMs = 12;

/** Everything that a configured server consists of, besides the app. */
export interface Parts {
  readonly agents: readonly Agent[];
  readonly store: Store;
  readonly index: PassageIndex;
  close(): Promise<void>;
}

/** Opens and makes what the configuration asks for. */
export async function createParts(config: Config): Promise<Parts> {
  const repository = findRepository(fileURLToPath(new URL(".", import.meta.url)));
  const documents = repository === undefined ? [] : await readDocuments(repository);
  const store = openSqliteStore(config.dataDir);
  const index = createPassageIndex(documents);
  const agents = [createDocsAgent({ index, wordDelayMs }), createEchoAgent({ wordDelayMs })];
  if (config.openai) {
    // Only then: the SDK is the largest thing to load, and a start without it is that much quicker.
    const { createAssistantAgent } = await import("./agents/assistant.ts");
    agents.push(createAssistantAgent({ ...config.openai, index }));
  }
  return {
    agents,
    store,
    index,
    async close() {
      index.close();
      await store.close();
    },
  };
}
