/** Proves that the packages, as they would be published, install, load and register. */
import { createConsumer } from "./consumer.ts";
import { run } from "./run.ts";

const consumer = await createConsumer();
try {
  await run(process.execPath, ["check.mjs"], { cwd: consumer.directory });
} finally {
  consumer.remove();
}
