import { timing } from "@enfilade/timing";
import Fastify from "fastify";

const app = Fastify();
await app.register(timing, {
  onTimed: (request, report) => console.log(request.method, request.url, report.totalMs),
});

app.get("/users/:id", { config: { timing: { detail: true } } }, async (request) => {
  const user = await request.timing.measure("db", async () => ({ name: "Ada" }));
  return { hello: user.name };
});

const response = await app.inject("/users/1");
console.log(response.headers["server-timing"]); // headers;dur=2.9, db;dur=0.1
await app.close();
