/* What all the layers of a small JSON API cost together: bare Fastify, our layers in line, and official plugins wired by hand. */
import { createSigner } from "@enfilade/jwt";
import { measureInBursts } from "./bursts.ts";
import { ISSUER, ORIGIN, SECRET } from "./line-app.ts";
import { median, ratio } from "./rounds.ts";

const SITTINGS = Number(process.env.ROUNDS ?? 3);
const SAMPLING = { sittings: SITTINGS, bursts: 6, requests: 4_000, warmup: 12_000 };

const sign = createSigner({ key: SECRET, issuer: ISSUER, expiresInSeconds: 3600 });
const headers = {
  authorization: `Bearer ${sign({ sub: "ann" })}`,
  origin: ORIGIN,
  "accept-encoding": "gzip, br",
};
const contenders = ["bare", "line", "plugins"].map((form) => ({
  name: form,
  program: "line",
  args: [form],
}));

const rounds = await measureInBursts(contenders, { path: "/json", headers }, SAMPLING);
console.log(`GET /json, 200 bytes, one token, ${SITTINGS} sittings of ${SAMPLING.bursts} bursts`);
for (const [name, costs] of rounds) {
  console.log(
    `  ${name.padEnd(8)} ${median(costs).toFixed(1).padStart(6)} µs of processor time per request`,
  );
}
console.log(`  bare ÷ line     ${ratio(rounds, "bare", "line").toFixed(2)} ×`);
console.log(`  plugins ÷ line  ${ratio(rounds, "plugins", "line").toFixed(2)} ×`);
