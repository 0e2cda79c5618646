import {
  defineLayer,
  type Layer,
  type LayerHooks,
  PHASES,
  type Phase,
  type Place,
} from "@enfilade/layer";

/** Makes a layer that notes every phase that it meets, as `phase name`. */
export function probe(
  name: string,
  place: Place,
  notes: string[] = [],
  phases: readonly Phase[] = PHASES,
): Layer {
  return defineLayer({
    name,
    place,
    setup: () =>
      Object.fromEntries(
        phases.map((phase) => [
          phase,
          () => {
            notes.push(`${phase} ${name}`);
          },
        ]),
      ),
  });
}

/** Makes a layer out of hooks alone. */
export function layer(name: string, place: Place, hooks: LayerHooks): Layer {
  return defineLayer({ name, place, setup: () => hooks });
}
