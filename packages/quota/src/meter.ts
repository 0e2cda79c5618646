import { exchangeOf } from "@enfilade/layer";
import {
  type Charge,
  createLimiter,
  type Decision,
  type Limiter,
  type Reservation,
} from "@enfilade/limiter";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { callerOf } from "./caller.ts";
import { chargesFor, isPlace, type RunCharge, toCharges } from "./charges.ts";
import { putHeaders } from "./headers.ts";
import { OpenRuns } from "./open-runs.ts";
import type { Settings } from "./options.ts";
import { refuse, refuseFull } from "./refusal.ts";
import type { RouteQuota } from "./route-quotas.ts";
import { Run } from "./run.ts";
import type { Caller, Usage } from "./types.ts";
import { readUsage } from "./usage.ts";
import { type Waiting, WaitingRoom } from "./waiting-room.ts";

/** One time that a run asked to be admitted; without a reservation it only looked. */
interface Attempt {
  readonly decision: Decision;
  readonly reservation: Reservation | undefined;
  readonly busy: boolean;
}

const kRun: unique symbol = Symbol("enfilade.quota.run");
const kWaiting: unique symbol = Symbol("enfilade.quota.waiting");

/** What is kept of a request, on itself: maps of a hundred thousand requests would keep the collector busy. */
type Metered = FastifyRequest & { [kRun]?: Run | null; [kWaiting]?: Waiting<Attempt> | null };

/** Admits the runs of one registration, and follows them to their end. */
export class Meter {
  readonly limiter: Limiter;
  readonly openRuns: OpenRuns;
  readonly room: WaitingRoom<Attempt> | undefined;
  readonly settings: Settings;
  readonly #counted: ReadonlySet<string>;

  constructor(settings: Settings) {
    const { store, liveNodes, queue, settleWithinMs, policies } = settings;
    this.settings = settings;
    this.limiter = createLimiter({ store, liveNodes });
    this.openRuns = new OpenRuns(settleWithinMs);
    this.room = queue && new WaitingRoom(queue);
    this.#counted = new Set([...policies.values()].map(({ counts }) => counts));
  }

  /**
   * Admits a run, at once or when there is a place, or refuses it.
   *
   * @throws `QUOTA_EXCEEDED`, `QUOTA_NEVER_FITS`, `QUOTA_NOT_GRANTED`, `QUOTA_BUSY`, and 500s for what was set up wrong
   */
  async admit(request: Metered, reply: FastifyReply, quota: RouteQuota): Promise<void> {
    const caller = callerOf(request, this.settings.orgClaim);
    const estimate = await this.#estimate(request, quota);
    const charges = await chargesFor(quota.policies, estimate, caller, request);
    const attempt =
      charges.length === 0 ? undefined : await this.#ask(request, reply, quota, charges, caller);
    if (isOver(request)) {
      // The client went away while this was asked.
      await attempt?.reservation?.cancel();
      this.room?.freed(placesOf(charges));
      return;
    }
    if (attempt !== undefined) {
      const { decision, reservation } = attempt;
      this.#tell(reply, quota, charges, decision);
      if (reservation?.decision.admitted !== true) throw refuse(reply, charges, decision);
    }
    const { log } = request;
    const run = new Run({
      limiter: this.limiter,
      reservation: attempt?.reservation,
      charges,
      reserved: { ...estimate, ...reservedBy(charges) },
      counted: this.#counted,
      openRuns: this.openRuns,
      onFreed: (freed) => this.room?.freed(placesOf(freed)),
      onFailure: (error) => log.error({ err: error }, "a run could not be settled"),
    });
    request[kRun] = run;
    request.quota = run;
  }

  /** The exchange of a request has ended. */
  leave(request: Metered, delivered: boolean): void {
    request[kWaiting]?.leave();
    request[kRun]?.leave(delivered && !isOutOfTime(request));
  }

  async close(): Promise<void> {
    await this.openRuns.close();
    await this.limiter.close();
  }

  #tell(
    reply: FastifyReply,
    quota: RouteQuota,
    charges: readonly RunCharge[],
    { verdicts }: Decision,
  ): void {
    putHeaders(reply, quota, charges, verdicts, this.settings.headers);
  }

  async #estimate(request: FastifyRequest, { estimate }: RouteQuota): Promise<Usage> {
    if (estimate === undefined) return {};
    return readUsage("estimate()", await estimate(request), this.#counted);
  }

  async #ask(
    request: Metered,
    reply: FastifyReply,
    quota: RouteQuota,
    charges: readonly RunCharge[],
    caller: Caller,
  ): Promise<Attempt> {
    const asked = toCharges(charges);
    const ask = async (): Promise<Attempt> => {
      const reservation = await this.limiter.reserve(asked);
      const { decision } = reservation;
      return { decision, reservation, busy: isBusy(decision, charges) };
    };
    const places = placesOf(charges);
    const { room } = this;
    if (room === undefined || places.length === 0) return await ask();
    // Nobody overtakes those who wait already; who lacks more than a place need not wait with them.
    const first = room.hasLine(places) ? await this.#look(asked, charges) : await ask();
    // A client that has gone meanwhile would have nobody to take it out of the line.
    if (!first.busy || isOver(request)) return first;
    const waiting = room.enter({
      places,
      caller: caller.principal ?? caller.address ?? "",
      last: first,
      ask,
      giveBack: ({ reservation }) => void reservation?.cancel(),
    });
    if (waiting === "caller-full") return first;
    if (waiting === "full") {
      this.#tell(reply, quota, charges, first.decision);
      throw refuseFull(reply, this.settings.queue?.maxWaitMs ?? 0);
    }
    request[kWaiting] = waiting;
    return await waiting.done;
  }

  /** Looks, without asking, whether there would be room if all who wait had theirs. */
  async #look(asked: readonly Charge[], charges: readonly RunCharge[]): Promise<Attempt> {
    const decision = await this.limiter.peek(asked);
    const busy = decision.admitted || isBusy(decision, charges);
    return { decision, reservation: undefined, busy };
  }
}

/** Tells whether the exchange has ended: nobody would hear of a run that began now, or settle it. */
function isOver(request: FastifyRequest): boolean {
  return exchangeOf(request)?.outcome !== undefined;
}

/** Tells whether Fastify has answered because the handler took too long: it may be at work all the same. */
function isOutOfTime(request: FastifyRequest): boolean {
  // Without a time to keep, looking at the signal would make one.
  if (!request.routeOptions.handlerTimeout) return false;
  return request.signal.reason?.code === "FST_ERR_HANDLER_TIMEOUT";
}

/** Makes room on requests for what is kept of them. */
export function decorateMetered(app: FastifyInstance): void {
  for (const key of ["quota", kRun, kWaiting]) {
    if (!app.hasRequestDecorator(key)) app.decorateRequest(key, null);
  }
}

/** Names the places that charges hold. */
function placesOf(charges: readonly RunCharge[]): string[] {
  return charges
    .filter(isPlace)
    .map(({ metered, partition, key }) => `${metered.name} ${partition} ${key}`);
}

/** Tells whether nothing but a place is missing: that comes back when somebody's run ends. */
function isBusy({ admitted, verdicts }: Decision, charges: readonly RunCharge[]): boolean {
  if (admitted) return false;
  return verdicts.every((verdict) => {
    if (verdict.admitted) return true;
    const charge = charges.find(({ metered }) => metered.name === verdict.policy);
    return charge !== undefined && isPlace(charge) && Number.isFinite(verdict.retryAfterMs);
  });
}

function reservedBy(charges: readonly RunCharge[]): Usage {
  return Object.fromEntries(
    charges
      .filter((charge) => !isPlace(charge))
      .map(({ metered, cost }) => [metered.counts, cost] as const),
  );
}
