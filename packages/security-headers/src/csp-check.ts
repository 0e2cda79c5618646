import { type CspDirectives, DIRECTIVES, type DirectiveKind } from "./csp-directives.ts";
import { type Refuse, refuseIn } from "./refusal.ts";

/*
 * What may stand in a policy. A browser ignores what it does not understand, so a misspelt source protects
 * nobody and says nothing; and a `;` or `,` would begin a directive, or a policy, that nobody wrote.
 */

/** Stands for the nonce of each response. */
export const NONCE = "'nonce'";

/** The directives for which a nonce means something, and which of the two nonces that is. */
export const NONCED: Readonly<Record<string, "script" | "style">> = {
  scriptSrc: "script",
  scriptSrcElem: "script",
  styleSrc: "style",
  styleSrcElem: "style",
};

const ALL = ["'self'", "'none'", "'report-sample'"];
const INLINE = [...ALL, "'unsafe-inline'", "'unsafe-hashes'"];
const KEYWORDS: Partial<Record<DirectiveKind, readonly string[]>> = {
  navigation: ["'self'", "'none'"],
  fetch: ALL,
  style: INLINE,
  script: [
    ...INLINE,
    "'unsafe-eval'",
    "'wasm-unsafe-eval'",
    "'trusted-types-eval'",
    "'strict-dynamic'",
    "'inline-speculation-rules'",
  ],
};

const HASH = /^'sha(?:256|384|512)-[A-Za-z0-9+/_-]+={0,2}'$/;
const SCHEME = /^[a-z][a-z0-9+.-]*:$/i;
const HOST =
  /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::(?:\d{1,5}|\*))?(?:\/[!#-+\--:<>@-~]*)?$/i;
/** A keyword, a nonce or a hash whose quotes were forgotten would be taken for the name of a host. */
const UNQUOTED = /^(?:nonce-.*|sha(?:256|384|512)-.*|[a-z]+(?:-[a-z]+)*)$/i;

const SANDBOX: ReadonlySet<string> = new Set(
  `allow-downloads allow-forms allow-modals allow-orientation-lock allow-pointer-lock allow-popups
   allow-popups-to-escape-sandbox allow-presentation allow-same-origin allow-scripts
   allow-storage-access-by-user-activation allow-top-navigation
   allow-top-navigation-by-user-activation allow-top-navigation-to-custom-protocols`.split(/\s+/),
);
const POLICY_NAME = /^(?:[A-Za-z0-9#=_/@.%-]+|\*|'none'|'allow-duplicates')$/;
const ENDPOINT = /^[a-z][a-z0-9_-]*$/i;
const URI = /^(?:https?:\/\/|\/(?!\/))[!#-+\--:=?-~]*$/i;

/**
 * Checks every directive of a policy.
 *
 * @throws `SECURITY_HEADERS_INVALID_OPTION`
 */
export function checkDirectives(
  option: string,
  directives: CspDirectives,
  reportOnly: boolean,
  refuse: Refuse,
): void {
  let counted = 0;
  for (const [name, value] of Object.entries(directives)) {
    const path = `${option}.${name}`;
    const kind = Object.hasOwn(DIRECTIVES, name)
      ? DIRECTIVES[name as keyof CspDirectives]
      : refuse(path, value, "There is no such directive; they are named as in scriptSrc.");
    if (value === undefined || value === false) continue;
    counted += 1;
    if (reportOnly && (kind === "sandbox" || kind === "flag")) {
      refuse(path, value, "Browsers ignore it in a policy that only reports; leave it out.");
    }
    if (kind === "flag") {
      if (value !== true) refuse(path, value, "Give true or false.");
    } else if (kind === "endpoint") {
      if (typeof value !== "string" || !ENDPOINT.test(value)) {
        refuse(path, value, "Give the name of one of the reportingEndpoints.");
      }
    } else if (Array.isArray(value) && value.every((item) => typeof item === "string")) {
      checkList(path, name, kind, value, refuse);
    } else {
      const items: readonly unknown[] = Array.isArray(value) ? value : [];
      const wrong = items.findIndex((item) => typeof item !== "string");
      refuseIn(path, value, wrong, "Give an array of strings, or false.", refuse);
    }
  }
  if (counted === 0) refuse(option, directives, "It has no directive; give some, or false.");
}

function checkList(
  path: string,
  name: string,
  kind: DirectiveKind,
  list: readonly string[],
  refuse: Refuse,
): void {
  // An empty sandbox is the strictest one; an empty list of anything else is most likely a mistake.
  if (list.length === 0 && kind !== "sandbox") {
    refuse(path, list, "It is empty; give [\"'none'\"] to allow nothing.");
  }
  if (list.length > 1 && list.includes("'none'")) refuse(path, list, "Let 'none' stand alone.");
  for (const item of list) {
    const why = KEYWORDS[kind] ? sourceFault(name, kind, item) : itemFault(kind, item);
    if (why !== undefined) refuse(path, item, why);
  }
}

function sourceFault(name: string, kind: DirectiveKind, source: string): string | undefined {
  if (source === NONCE) {
    if (Object.hasOwn(NONCED, name)) return undefined;
    return `A nonce means nothing here; it can stand in ${Object.keys(NONCED).join(", ")}.`;
  }
  if (source.startsWith("'")) {
    if (/^'nonce-/i.test(source)) {
      return "A nonce that is written down is known to everybody; give 'nonce', which is new in each response.";
    }
    if (HASH.test(source) && (kind === "script" || kind === "style")) return undefined;
    const keywords = KEYWORDS[kind] ?? [];
    return keywords.includes(source) ? undefined : `Of keywords, give ${keywords.join(" ")}.`;
  }
  if (UNQUOTED.test(source) && source !== "localhost") {
    return `Put it in single quotes, '${source.slice(0, 40)}', or name a host with a dot in it.`;
  }
  if (SCHEME.test(source) || HOST.test(source)) return undefined;
  return "Give a quoted keyword, a scheme such as data:, or a host such as https://cdn.example.com, one in each string.";
}

function itemFault(kind: DirectiveKind, item: string): string | undefined {
  switch (kind) {
    case "sandbox":
      return SANDBOX.has(item) ? undefined : `Give of ${[...SANDBOX].join(", ")}.`;
    case "trustedTypesFor":
      return item === "'script'" ? undefined : "Give [\"'script'\"].";
    case "trustedTypes":
      return POLICY_NAME.test(item) ? undefined : "Give names of policies.";
    default:
      return URI.test(item) ? undefined : "Give a URL, or a path that starts with a slash.";
  }
}
