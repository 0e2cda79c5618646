import { requestLog } from "@enfilade/request-log";
import Fastify, { LogController } from "fastify";

const app = Fastify({
  logger: { base: null },
  logController: new LogController({ disableRequestLogging: true }),
});
await app.register(requestLog, { ignore: ["/health"], requestHeaders: ["authorization"] });

app.get("/health", async () => "ok");
app.get("/runs/:id", async () => ({ status: "completed" }));

await app.inject("/health"); // no line
await app.inject({ url: "/runs/7?api_key=hunter2", headers: { authorization: "Bearer hunter2" } });
// {"level":30,…,"reqId":"req-2","method":"GET","route":"/runs/:id","url":"/runs/7?api_key=[redacted]","status":200,…}
await app.close();
