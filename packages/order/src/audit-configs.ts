import type { Finding } from "@enfilade/layer";
import { found } from "./findings.ts";
import type { Line } from "./line.ts";
import { configOf, nameOfRoute, type Route } from "./routes.ts";
import { isProtected, isSkipped } from "./selection.ts";

/** What routes and scopes ask of the line in their configuration. */
export function auditConfigs(line: Line): Finding[] {
  return [
    ...[...line.scopes].flatMap((scope) =>
      auditSkips(line, [...scope.skips], `scope ${scope.name}`),
    ),
    ...[...line.routes, ...line.notFound].flatMap((route) => auditRoute(line, route)),
  ];
}

function auditRoute(line: Line, route: Route): Finding[] {
  const where = nameOfRoute(route);
  const { public: isPublic, skip, access } = configOf(route);
  if (isPublic !== undefined && typeof isPublic !== "boolean") {
    return [invalid(where, "config.public is neither true nor false", "Give true or false.")];
  }
  if (skip !== undefined && !isListOfNames(skip)) {
    return [invalid(where, "config.skip is no list of names", 'Give an array: ["compress"].')];
  }
  const findings = auditSkips(line, skip ?? [], where);
  if (access !== undefined && isPublic === true) findings.push(contradiction(where));
  else if (access !== undefined) findings.push(...unprotected(route));
  for (const left of route.line?.leftOut ?? []) {
    // What is not found has nobody to authenticate, and what falls with that nobody has asked for.
    if (isPublic !== true && !isSkipped(left)) continue;
    const code = isSkipped(left) ? "ORDER_SKIPPED" : "ORDER_PUBLIC_ROUTE";
    const why = `it goes round ${left.layer}: ${left.why}`;
    findings.push(found(code, where, why, "Nothing, if it is meant."));
  }
  return findings;
}

function auditSkips(line: Line, skips: readonly string[], where: string): Finding[] {
  return skips.flatMap((name) => {
    const named = line.members.filter(({ layer }) => layer.name === name);
    if (named.length === 0) return [unknownSkip(where, name)];
    return named.some(isProtected) ? [refusedSkip(where, name)] : [];
  });
}

function isListOfNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}

function invalid(where: string, why: string, fix: string): Finding {
  return found("ORDER_INVALID_CONFIG", where, why, fix);
}

function contradiction(where: string): Finding {
  return found(
    "ORDER_PUBLIC_ACCESS",
    where,
    "it is public, and has a rule of access that nobody would check",
    "Keep either config.public or config.access.",
  );
}

/** A rule of access needs two layers: one that finds out who is calling, and one that checks the rule. */
function unprotected(route: Route): Finding[] {
  const doors = route.line?.doors ?? [];
  const authenticated = doors.some(({ layer }) => layer.provides.includes("principal"));
  const checked = doors.some(({ layer }) => layer.place === "authorize");
  if (authenticated && checked) return [];
  return [
    found(
      "ORDER_UNPROTECTED_ROUTE",
      nameOfRoute(route),
      `it has a rule of access, and no layer of its line ${authenticated ? "checks it" : "authenticates"}`,
      `Register ${authenticated ? "a layer that checks rules (auth)" : "an authenticator (jwt, api-key)"} in this scope or above, or make the route public.`,
    ),
  ];
}

function unknownSkip(where: string, name: string): Finding {
  return found(
    "ORDER_UNKNOWN_SKIP",
    where,
    `it skips "${name}", and no layer has that name`,
    "Correct the name, or take it away.",
  );
}

function refusedSkip(where: string, name: string): Finding {
  return found(
    "ORDER_SKIP_REFUSED",
    where,
    `it skips "${name}", which guards routes`,
    "Say config: { public: true } on each route that everybody may call.",
  );
}
