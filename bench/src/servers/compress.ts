/* One JSON answer that is worth compressing and one that is not: bare, through our layer, through @fastify/compress. */
import compress from "@enfilade/compress";
import fastifyCompress from "@fastify/compress";
import Fastify from "fastify";
import { serve } from "../serve.ts";

const [form] = process.argv.slice(2);
const app = Fastify();
if (form === "layer") await app.register(compress);
if (form === "plugin") await app.register(fastifyCompress);
// The same level as the layer's: what is left is how it is called.
if (form === "plugin-3") await app.register(fastifyCompress, { zlibOptions: { level: 3 } });

/** Twenty kilobytes as an API answers: records with ids, dates and a sentence that is not always the same. */
const records = Array.from({ length: 130 }, (_, id) => ({
  id,
  name: `item ${id}`,
  price: ((id * 7919) % 1000) / 4,
  tags: ["a", "b", `t${(id * 31) % 17}`],
  updated: new Date(1.7e12 + id * 86_400_123).toISOString(),
  description: `A thing of kind ${(id * 13) % 29} with the mark ${((id * 2_654_435_761) >>> 0).toString(36)}`,
}));
const large = JSON.stringify(records);
const small = JSON.stringify({ data: "x".repeat(180) });
const type = "application/json; charset=utf-8";
app.get("/large", (_request, reply) => reply.type(type).send(large));
app.get("/small", (_request, reply) => reply.type(type).send(small));
await serve(app);
