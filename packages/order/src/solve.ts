import { isPlace, placeRank } from "@enfilade/layer";
import type { Member } from "./scope.ts";

/** Why one layer has to come further out than another. */
export interface Constraint {
  readonly outer: Member;
  readonly inner: Member;
  /** The layer that asked for it: it is the one that moves. */
  readonly by: Member;
  readonly kind: "before" | "after" | "requires";
  /** What it named: a layer, a place, or a capability. */
  readonly target: string;
}

/** The order of the layers that one scope sees. */
export interface Sequence {
  readonly members: readonly Member[];
  readonly constraints: readonly Constraint[];
  /** A chain of constraints that contradicts itself, if there is one; the order then follows the places alone. */
  readonly cycle: readonly Constraint[] | undefined;
}

/**
 * Puts layers in order: by place, then outer scopes first, then by name; `before`, `after` and `requires`
 * are hard, and move the layer that asks for them. The order of registration plays no part.
 */
export function solve(members: readonly Member[]): Sequence {
  const constraints = members.flatMap((member) => constraintsOf(member, members));
  const byPlace = members.toSorted(comparing((member) => placeRank(member.layer.place)));
  const topological = sort(byPlace, constraints);
  if (topological.length < members.length) {
    const stuck = members.filter((member) => !topological.includes(member));
    return { members: byPlace, constraints, cycle: findCycle(stuck, constraints) };
  }
  const ranks = moveRanks(topological, constraints);
  const ranked = members.toSorted(comparing((member) => ranks.get(member) ?? 0));
  return { members: sort(ranked, constraints), constraints, cycle: undefined };
}

/** Gives the name in a target; one that ends in a question mark counts only if it is there. */
export function nameOfTarget(target: string): string {
  return target.endsWith("?") ? target.slice(0, -1) : target;
}

/** Gives what one layer asks of the others that are there. */
function constraintsOf(by: Member, members: readonly Member[]): Constraint[] {
  const { before, after, requires } = by.layer;
  const others = members.filter((member) => member !== by);
  const named = (target: string) => {
    const name = nameOfTarget(target);
    return others.filter(({ layer }) => (isPlace(name) ? layer.place : layer.name) === name);
  };
  const providers = (target: string) =>
    others.filter(({ layer }) => layer.provides.includes(target));
  return [
    ...before.flatMap((target) =>
      named(target).map((inner) => ({ outer: by, inner, by, kind: "before" as const, target })),
    ),
    ...after.flatMap((target) =>
      named(target).map((outer) => ({ outer, inner: by, by, kind: "after" as const, target })),
    ),
    ...requires.flatMap((target) =>
      providers(target).map((outer) => ({
        outer,
        inner: by,
        by,
        kind: "requires" as const,
        target,
      })),
    ),
  ];
}

function comparing(rank: (member: Member) => number): (a: Member, b: Member) => number {
  return (a, b) =>
    rank(a) - rank(b) ||
    a.scope.depth - b.scope.depth ||
    (a.layer.name < b.layer.name ? -1 : Number(a.layer.name > b.layer.name));
}

/**
 * Kahn's algorithm over a ranked list: always the first member that nothing holds back. One that others want to come
 * before is not passed over, but has them come first; one that wants to come after others waits for them.
 */
function sort(ranked: readonly Member[], constraints: readonly Constraint[]): Member[] {
  const sorted: Member[] = [];
  const left = new Set(ranked);
  const firstOf = (members: Iterable<Member>, seen: Set<Member>): Member | undefined => {
    for (const member of members) {
      const next = nextTo(member, seen);
      if (next !== undefined) return next;
    }
    return undefined;
  };
  const nextTo = (member: Member, seen: Set<Member>): Member | undefined => {
    // Once is enough: who has led nowhere leads nowhere from elsewhere.
    if (seen.has(member)) return undefined;
    seen.add(member);
    const holding = constraints.filter(({ outer, inner }) => inner === member && left.has(outer));
    if (holding.length === 0) return member;
    if (holding.some(({ by }) => by === member)) return undefined;
    const outer = new Set(holding.map((constraint) => constraint.outer));
    return firstOf(
      ranked.filter((other) => outer.has(other)),
      seen,
    );
  };
  for (;;) {
    const next = firstOf(left, new Set());
    if (next === undefined) return sorted;
    left.delete(next);
    sorted.push(next);
  }
}

/** Moves the layers that ask for it to the place of what they named, whether or not a layer stands in that place. */
function moveRanks(
  topological: readonly Member[],
  constraints: readonly Constraint[],
): ReadonlyMap<Member, number> {
  const ranks = new Map(topological.map((member) => [member, placeRank(member.layer.place)]));
  const rank = (member: Member) => ranks.get(member) ?? 0;
  for (const member of topological.toReversed()) {
    const inner = constraints.filter(({ by, kind }) => by === member && kind === "before");
    ranks.set(
      member,
      Math.min(
        rank(member),
        ...inner.map((constraint) => rank(constraint.inner)),
        ...member.layer.before.filter(isPlace).map(placeRank),
      ),
    );
  }
  for (const member of topological) {
    const outer = constraints.filter(({ by, kind }) => by === member && kind !== "before");
    ranks.set(
      member,
      Math.max(
        rank(member),
        ...outer.map((constraint) => rank(constraint.outer)),
        ...member.layer.after.filter(isPlace).map(placeRank),
      ),
    );
  }
  return ranks;
}

/** Walks inwards among layers that hold each other back, until one is met again. */
function findCycle(stuck: readonly Member[], constraints: readonly Constraint[]): Constraint[] {
  const path: Constraint[] = [];
  let member = stuck[0];
  while (member !== undefined) {
    const from = member;
    const step = constraints.find(({ outer, inner }) => inner === from && stuck.includes(outer));
    if (step === undefined) return path;
    path.unshift(step);
    const closed = path.findIndex(({ inner }) => inner === step.outer);
    if (closed >= 0) return path.slice(0, closed + 1);
    member = step.outer;
  }
  return path;
}
