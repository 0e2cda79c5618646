import { PHASES, type Phase, PLACES, type Place } from "@enfilade/layer";
import fc from "fast-check";

/** How a hook of a generated layer is written. */
type HookStyle = "sync" | "async" | "callback";

/** A generated layer. */
export interface LayerSpec {
  readonly name: string;
  readonly place: Place;
  /** The index of the scope that registers it. */
  readonly scope: number;
  readonly hooks: readonly (readonly [Phase, HookStyle])[];
  readonly before: readonly string[];
}

/** A generated scope: a plugin below another one. */
interface ScopeSpec {
  readonly name: string;
  readonly parent: number;
  readonly prefix: string | undefined;
  /** A user's own hook, added with plain `addHook`. */
  readonly userHook: boolean;
  /** Whether a route is declared at once, or after something was awaited. */
  readonly lateRoutes: boolean;
}

/** A generated app. Scope 0 is the root. */
export interface AppSpec {
  readonly scopes: readonly ScopeSpec[];
  readonly layers: readonly LayerSpec[];
  /** Seeds of the permutations in which everything is registered. */
  readonly permutations: readonly number[];
}

const MAX_SCOPES = 5;
const MAX_LAYERS = 9;

const hooks = fc.uniqueArray(
  fc.tuple(
    fc.constantFrom(...PHASES.filter((phase) => phase !== "onTimeout")),
    fc.constantFrom<HookStyle>("sync", "async", "callback"),
  ),
  { selector: ([phase]) => phase, minLength: 1, maxLength: 6 },
);

const scope = fc.record({
  parent: fc.nat(MAX_SCOPES),
  prefixed: fc.boolean(),
  userHook: fc.boolean(),
  lateRoutes: fc.boolean(),
});

const layer = fc.record({
  place: fc.constantFrom(...PLACES),
  scope: fc.nat(MAX_SCOPES),
  hooks,
  // The indices of layers that must come further in; only later ones are used, so that there is no cycle.
  before: fc.uniqueArray(fc.nat(MAX_LAYERS), { maxLength: 2 }),
});

/** Random apps. The names of the layers are shuffled against their constraints, so that neither follows the other. */
export function appSpec(permutations: number): fc.Arbitrary<AppSpec> {
  return fc
    .record({
      scopes: fc.array(scope, { maxLength: MAX_SCOPES }),
      layers: fc.array(layer, { minLength: 1, maxLength: MAX_LAYERS }),
      names: fc.shuffledSubarray(NAMES, { minLength: NAMES.length }),
      permutations: fc.array(fc.integer(), { minLength: permutations, maxLength: permutations }),
    })
    .map(({ scopes, layers, names, permutations }) => ({
      permutations,
      scopes: [
        { name: "root", parent: 0, prefix: undefined, userHook: true, lateRoutes: false },
        ...scopes.map(({ parent, prefixed, ...rest }, index) => ({
          ...rest,
          name: `scope${index + 1}`,
          parent: parent % (index + 1),
          prefix: prefixed ? `/p${index + 1}` : undefined,
        })),
      ],
      layers: layers.map((spec, index) => ({
        ...spec,
        name: names[index] ?? "",
        scope: spec.scope % (scopes.length + 1),
        before: spec.before
          .filter((target) => index < target && target < layers.length)
          .map((target) => names[target] ?? ""),
      })),
    }));
}

const NAMES = Array.from({ length: MAX_LAYERS }, (_, index) => `layer-${"abcdefghi"[index]}`);
