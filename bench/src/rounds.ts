import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import autocannon from "autocannon";
import { hear } from "./hear.ts";

/*
 * What is compared is the processor time that a server spends on one request, taken from the server itself:
 * unlike requests per second, it does not change with what else the machine is doing. Each contender is a
 * process of its own; in each round all of them run, in random order, and only ratios of one round count.
 */

/** How a contender is put under load. */
export interface Load {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections?: number;
  /** Requests that are measured, after as many again to warm up. */
  readonly requests?: number;
}

/** A server program in `servers/`, and the name it goes by in the tables. */
export interface Contender {
  readonly name: string;
  readonly program: string;
  readonly args?: readonly string[];
}

/** Processor time of one request, in microseconds, by contender and round. */
export type Rounds = ReadonlyMap<string, readonly number[]>;

/** Measures contenders in alternating rounds. */
export async function measure(
  contenders: readonly Contender[],
  load: Load,
  rounds: number,
): Promise<Rounds> {
  const results = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    const order = contenders.toSorted(() => Math.random() - 0.5);
    for (const contender of order) {
      results.get(contender.name)?.push(await measureOnce(contender, load));
    }
  }
  return results;
}

/** Gives the median, over the rounds, of one contender's cost divided by another's in the same round. */
export function ratio(rounds: Rounds, of: string, to: string): number {
  const divisors = rounds.get(to) ?? [];
  const quotients = (rounds.get(of) ?? []).map(
    (cost, round) => cost / (divisors[round] ?? Number.NaN),
  );
  return median(quotients);
}

/** Gives the median of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function measureOnce(contender: Contender, load: Load): Promise<number> {
  const server = await start(contender);
  const requests = load.requests ?? 60_000;
  await fire(server.origin, load, requests);
  const cost = await costOf(server, load, requests);
  await stop(server);
  return cost;
}

/** A contender that runs, in a process of its own. */
export interface Server {
  readonly child: ChildProcess;
  readonly origin: string;
}

/** Starts a contender. */
export async function start({ program, args = [] }: Contender): Promise<Server> {
  const child = fork(new URL(`servers/${program}.ts`, import.meta.url), args, {
    execArgv: ["--import", "tsx"],
  });
  const { origin } = await hear<{ origin: string }>(child);
  return { child, origin };
}

/** Ends a contender that runs. */
export async function stop({ child }: Server): Promise<void> {
  child.disconnect();
  await once(child, "exit");
}

/** Gives the processor time of one request, in microseconds, over so many of them. */
export async function costOf(
  { child, origin }: Server,
  load: Load,
  requests: number,
): Promise<number> {
  const before = await cpu(child);
  await fire(origin, load, requests);
  return ((await cpu(child)) - before) / requests;
}

/** Sends so many requests, and waits for their responses. */
export async function fire(origin: string, load: Load, amount: number): Promise<void> {
  const { path, headers = {}, connections = 32 } = load;
  const result = await autocannon({
    url: `${origin}${path}`,
    headers: { ...headers },
    connections,
    amount,
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${path}: ${result.non2xx} refusals and ${result.errors} errors under load`);
  }
}

async function cpu(child: ChildProcess): Promise<number> {
  child.send("cpu");
  const { cpuMicros } = await hear<{ cpuMicros: number }>(child);
  return cpuMicros;
}
