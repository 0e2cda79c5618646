import { adopt } from "@enfilade/layer";
import cors from "@fastify/cors";
import Fastify from "fastify";
import { order } from "../src/index.ts";

/* A program of its own: what escapes as an uncaught exception would end the test runner, not fail a test. */

process.on("uncaughtException", (error) => {
  console.log(`uncaught: ${error.message}`);
  process.exitCode = 1;
});

const app = Fastify();
await app.register(order);
app.register(adopt(cors, { name: "cors", place: "share" }));
app.register(adopt(cors, { name: "cors-again", place: "share" }));
await app.ready().then(
  () => console.log("booted"),
  ({ code }: { code: string }) => console.log(`rejected with ${code}`),
);
await app.close();
