import type { FastifyInstance } from "fastify";

/*
 * What authenticators, rules and listeners know of each other: kept on the instance where they were
 * registered, read along the path of scopes from a route up. Instances inherit from each other.
 */

/** Keeps values of one kind on instances. */
export interface ScopeList<Value> {
  add(app: FastifyInstance, value: Value): void;
  delete(app: FastifyInstance, value: Value): void;
  /** Gives the values of an instance and its ancestors, outermost first. */
  along(app: FastifyInstance): Value[];
}

/** Makes a list that instances carry; two copies of this package in one app share it by its name. */
export function createScopeList<Value>(name: string): ScopeList<Value> {
  const key = Symbol.for(`enfilade.auth.${name}`);
  const own = (app: object): Set<Value> | undefined =>
    Object.hasOwn(app, key) ? Reflect.get(app, key) : undefined;
  return {
    add(app, value) {
      const values = own(app) ?? new Set<Value>();
      values.add(value);
      Reflect.set(app, key, values);
    },
    delete(app, value) {
      own(app)?.delete(value);
    },
    along(app) {
      const values: Value[] = [];
      for (let scope: object | null = app; scope !== null; scope = Object.getPrototypeOf(scope)) {
        values.unshift(...(own(scope) ?? []));
      }
      return values;
    },
  };
}

/** Keeps, for each instance, what its scopes add up to; made at the first request, when all is loaded. */
export function createScopeMemo<Value>(
  make: (app: FastifyInstance) => Value,
): (app: FastifyInstance) => Value {
  const made = new WeakMap<FastifyInstance, Value>();
  return (app) => {
    const known = made.get(app);
    if (known !== undefined) return known;
    const value = make(app);
    made.set(app, value);
    return value;
  };
}
