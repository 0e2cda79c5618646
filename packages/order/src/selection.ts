import { configOf, type LeftOut, type Route } from "./routes.ts";
import { type Member, pathOf, type Scope } from "./scope.ts";

/** Gives the layers that a scope sees: its own and its ancestors', an inner override in place of the outer one. */
export function visibleFrom(scope: Scope): Member[] {
  const visible = new Map<string, Member>();
  for (const { members } of pathOf(scope)) {
    for (const member of members) visible.set(member.layer.name, member);
  }
  return [...visible.values()];
}

/** The layers that a route walks through, and those that it does not, with the reason. */
export interface Selection {
  readonly doors: readonly Member[];
  readonly leftOut: readonly LeftOut[];
  /** Layers that need what nobody here makes. */
  readonly lacking: readonly { readonly member: Member; readonly capability: string }[];
}

const PROTECTED: ReadonlySet<string> = new Set(["authenticate", "authorize"]);

/** Tells whether a layer guards routes: it can be left out by `public` alone. */
export function isProtected(member: Member): boolean {
  return PROTECTED.has(member.layer.place);
}

/** The reasons that somebody has asked for by name. */
const SKIPPED = { byRoute: "the route skips it", byScope: "its scope skips it" } as const;

/** Tells whether a layer was left out because somebody asked for just that. */
export function isSkipped({ why }: LeftOut): boolean {
  return why === SKIPPED.byRoute || why === SKIPPED.byScope;
}

/** Chooses from the layers of a scope, in order, those that one of its routes gets. */
export function select(sequence: readonly Member[], route: Route): Selection {
  const { public: open, skip: asked } = configOf(route);
  // What is no boolean, and no list at all, is for the audit to refuse; where it sees no config, nothing is opened.
  const isPublic = open === true;
  const skip: readonly unknown[] = Array.isArray(asked) ? asked : [];
  const scopeSkips = new Set(pathOf(route.scope).flatMap(({ skips }) => [...skips]));
  const reasons = new Map<Member, string>();
  for (const member of sequence) {
    const { name } = member.layer;
    if (isProtected(member)) {
      if (isPublic) reasons.set(member, "the route is public");
    } else if (skip.includes(name)) {
      reasons.set(member, SKIPPED.byRoute);
    } else if (scopeSkips.has(name)) {
      reasons.set(member, SKIPPED.byScope);
    }
  }
  const lacking = dropDependents(sequence, reasons, isPublic || route.kind === "not-found");
  return {
    doors: sequence.filter((member) => !reasons.has(member)),
    leftOut: [...reasons].map(([{ layer, scope }, why]) => ({
      layer: layer.name,
      scope: scope.name,
      why,
    })),
    lacking,
  };
}

/**
 * Leaves out, where nobody can be authenticated, what needs a principal: a quota by principal has no
 * meaning on a public route or for a path that does not exist. Elsewhere a need that is not met is a fault.
 */
function dropDependents(
  sequence: readonly Member[],
  reasons: Map<Member, string>,
  mayDrop: boolean,
): Selection["lacking"] {
  const lacking: { member: Member; capability: string }[] = [];
  const made = new Set<string>();
  for (const member of sequence) {
    if (reasons.has(member)) continue;
    const capability = member.layer.requires.find((needed) => !made.has(needed));
    if (capability === undefined) {
      for (const provided of member.layer.provides) made.add(provided);
    } else if (mayDrop) {
      reasons.set(member, `nothing here makes "${capability}"`);
    } else {
      lacking.push({ member, capability });
    }
  }
  return lacking;
}
