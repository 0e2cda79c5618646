import { compile, type Plan } from "./plan.ts";
import { configOf, NO_STEPS, type Route, type RouteLine } from "./routes.ts";
import type { Member, Scope, Tails } from "./scope.ts";
import { type Selection, select, visibleFrom } from "./selection.ts";
import { type Sequence, solve } from "./solve.ts";

/** A route's line, and what is missing in it. */
export interface Resolved extends RouteLine {
  readonly lacking: Selection["lacking"];
}

/**
 * Solves scopes and compiles routes, once all layers have been collected. What is the same is made once:
 * scopes that see the same layers share a sequence, routes that walk through the same doors a plan.
 */
export class Resolver {
  readonly #numbers = new Map<Member, number>();
  readonly #sequences = new Map<string, Sequence>();
  readonly #sequenceOf = new Map<Scope, Sequence>();
  readonly #plans = new Map<string, Plan>();
  readonly #plain = new Map<Scope, Map<string, Resolved>>();

  /** Gives the order of the layers that a scope sees. */
  sequenceAt(scope: Scope): Sequence {
    return memoize(this.#sequenceOf, scope, () => {
      const visible = visibleFrom(scope);
      return memoize(this.#sequences, this.#key(visible), () => solve(visible));
    });
  }

  /** Gives the line of a route. Nearly all routes of a scope ask for nothing of their own, and share theirs. */
  resolve(route: Route): Resolved {
    if (!isPlain(route)) return this.#resolve(route);
    const plain = memoize(this.#plain, route.scope, () => new Map());
    return memoize(plain, keyOf(route.tails), () => this.#resolve(route));
  }

  #resolve(route: Route): Resolved {
    const { doors, leftOut, lacking } = select(this.sequenceAt(route.scope).members, route);
    const own = doors.some((door) => route.steps.has(door));
    const build = () => compile(doors, route.steps, route.tails);
    const key = `${keyOf(route.tails)} ${this.#key(doors)}`;
    const plan = own ? build() : memoize(this.#plans, key, build);
    return { doors, leftOut, lacking, plan };
  }

  /** A key for a list of layers, by their identity. */
  #key(members: readonly Member[]): string {
    return members.map((member) => memoize(this.#numbers, member, () => this.#numbers.size)).join();
  }
}

function keyOf({ preSerialization, onSend }: Tails): string {
  return `${preSerialization} ${onSend}`;
}

function isPlain(route: Route): boolean {
  const { public: isPublic, skip } = configOf(route);
  const asks = isPublic !== undefined || skip !== undefined || route.steps !== NO_STEPS;
  return route.kind === "route" && route.known && !asks;
}

function memoize<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
