import { type Contender, costOf, fire, type Load, type Rounds, start, stop } from "./rounds.ts";

/*
 * For differences of a few per cent, on a machine that does other things as well. All contenders of a sitting
 * live side by side, and take turns in bursts so short that whatever else goes on meets them alike. As a
 * process may be compiled luckily or not, there are several sittings, with new processes each.
 */

/** How often contenders are measured. */
export interface Bursts {
  readonly sittings: number;
  /** How many bursts each contender gets in one sitting. */
  readonly bursts: number;
  /** Requests in one burst. */
  readonly requests: number;
  /** Requests with which each process warms up. */
  readonly warmup: number;
}

/** Measures contenders in short bursts, in random order; each burst of them all counts as one round. */
export async function measureInBursts(
  contenders: readonly Contender[],
  load: Load,
  { sittings, bursts, requests, warmup }: Bursts,
): Promise<Rounds> {
  const results = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (let sitting = 0; sitting < sittings; sitting++) {
    const servers = await Promise.all(
      contenders.map(async (contender) => ({
        name: contender.name,
        server: await start(contender),
      })),
    );
    for (const { server } of servers) await fire(server.origin, load, warmup);
    for (let burst = 0; burst < bursts; burst++) {
      for (const { name, server } of servers.toSorted(() => Math.random() - 0.5)) {
        results.get(name)?.push(await costOf(server, load, requests));
      }
    }
    for (const { server } of servers) await stop(server);
  }
  return results;
}
