import { defineLayer, PLACES } from "@enfilade/layer";
import { order } from "@enfilade/order";
import Fastify, { type FastifyInstance } from "fastify";

/** Makes an app with fourteen hooks that do nothing, in a form: none at all, plain hooks, layers in line; or one empty layer alone. */
export async function noopApp(form = "bare", style = "sync"): Promise<FastifyInstance> {
  const app = Fastify();
  if (form === "plain") {
    for (const _place of PLACES) {
      if (style === "async") {
        app.addHook("onRequest", async () => {});
        app.addHook("onSend", async () => {});
      } else {
        app.addHook("onRequest", (_request, _reply, done) => done());
        app.addHook("onSend", (_request, _reply, _payload, done) => done());
      }
    }
  }
  if (form === "one") {
    app.register(defineLayer({ name: "empty", place: "observe", setup: () => ({}) }));
  }
  if (form === "order") {
    await app.register(order);
    for (const place of PLACES) {
      const setup = () =>
        style === "async"
          ? { async onRequest() {}, async onSend() {} }
          : { onRequest() {}, onSend() {} };
      app.register(defineLayer({ name: `layer-at-${place}`, place, setup }));
    }
  }
  app.get("/json", async () => ({ answer: 42, text: "x".repeat(160) }));
  return app;
}
