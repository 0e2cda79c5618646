/* What the line costs at boot: 1,000 routes in 50 scopes, with fourteen layers in line and without. */
import { defineLayer, PLACES } from "@enfilade/layer";
import { order } from "@enfilade/order";
import Fastify, { type FastifyPluginAsync } from "fastify";
import { median } from "./rounds.ts";

const ROUNDS = Number(process.env.ROUNDS ?? 15);
const SCOPES = 50;
const ROUTES = 1_000;

async function boot(arranged: boolean): Promise<number> {
  const app = Fastify();
  const before = process.cpuUsage();
  if (arranged) {
    await app.register(order);
    for (const place of PLACES) {
      const setup = () => ({ onRequest() {}, onSend() {} });
      app.register(defineLayer({ name: `layer-at-${place}`, place, setup }));
    }
  }
  for (let scope = 0; scope < SCOPES; scope++) {
    app.register(routes, { prefix: `/scope-${scope}` });
  }
  await app.ready();
  const { user, system } = process.cpuUsage(before);
  await app.close();
  return user + system;
}

const routes: FastifyPluginAsync = async (app) => {
  for (let route = 0; route < ROUTES / SCOPES; route++) {
    app.get(`/route-${route}/:id`, async () => ({ route }));
  }
};

const ratios: number[] = [];
const costs = { bare: [] as number[], order: [] as number[] };
for (let round = 0; round < ROUNDS + 2; round++) {
  const bare = await boot(false);
  const arranged = await boot(true);
  // The first rounds warm up.
  if (round < 2) continue;
  costs.bare.push(bare);
  costs.order.push(arranged);
  ratios.push(arranged / bare);
}
console.log(`boot of ${ROUTES} routes in ${SCOPES} scopes, ${ROUNDS} rounds`);
console.log(`  bare   ${(median(costs.bare) / 1000).toFixed(1)} ms of processor time`);
console.log(`  order  ${(median(costs.order) / 1000).toFixed(1)} ms of processor time, 14 layers`);
console.log(`  order ÷ bare  ${median(ratios).toFixed(2)} ×   (target ≤ 1.5)`);
