import { defineLayer, type Layer } from "@enfilade/layer";
import createError, { type FastifyErrorConstructor } from "@fastify/error";
import type { FastifyInstance } from "fastify";
import { type Challenge, createAuthenticator, type Principal, type Verdict } from "../src/index.ts";

const BAD_CREDENTIALS: FastifyErrorConstructor<{ code: "BAD_CREDENTIALS" }, []> = createError(
  "BAD_CREDENTIALS",
  "The credentials do not hold.",
  401,
);

/** A principal with nothing but what a test says. */
function principal(given: Partial<Principal> = {}): Principal {
  return { kind: "test", id: "ann", scopes: [], claims: {}, ...given };
}

/**
 * An authenticator that believes its own header: `ann agents:run` is Ann, who may run agents. `doubt` is
 * somebody else's, `bad` is refused, `broken` fails; `gone` turns out to be nobody, by what is no promise.
 */
export function believing(name = "test", challenge: Challenge = { scheme: "Bearer" }): Layer {
  return defineLayer({
    name,
    place: "authenticate",
    provides: ["principal"],
    setup: (app) =>
      createAuthenticator(app, {
        kind: name,
        challenge,
        authenticate(request): Verdict | Promise<Verdict> {
          const [id, ...scopes] = String(request.headers[`x-${name}`] ?? "").split(" ");
          if (id === "bad") throw new BAD_CREDENTIALS();
          if (id === "doubt") return new BAD_CREDENTIALS();
          if (id === "broken") throw new Error("the store of secrets is gone");
          if (id === "gone") return laterOf(null);
          const verdict = id ? principal({ kind: name, id, scopes }) : null;
          return id === "slow" ? Promise.resolve(verdict) : verdict;
        },
      }),
  });
}

/** Gives what can be awaited and is no promise, as the queries of some clients of databases are. */
export function laterOf<Value>(value: Value): Promise<Value> {
  const then: PromiseLike<Value>["then"] = (...heard) => Promise.resolve(value).then(...heard);
  return { then } as Promise<Value>;
}

/** Gives the error that `ready()` rejects with. */
export async function refusalOf(app: FastifyInstance): Promise<Error> {
  try {
    await app.ready();
  } catch (error) {
    return error as Error;
  }
  throw new Error("It was to refuse, and has booted.");
}
