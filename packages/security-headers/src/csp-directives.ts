type Keyword =
  | "'self'"
  | "'none'"
  | "'unsafe-inline'"
  | "'unsafe-eval'"
  | "'wasm-unsafe-eval'"
  | "'trusted-types-eval'"
  | "'unsafe-hashes'"
  | "'strict-dynamic'"
  | "'report-sample'"
  | "'inline-speculation-rules'";

/**
 * One source of a directive: a quoted keyword, a hash such as `'sha256-…'`, a scheme such as `data:`, a host such as
 * `https://cdn.example.com`, or `'nonce'`, which stands for the nonce of each response.
 */
export type CspSource = Keyword | "'nonce'" | (string & {});

/** The sources of a directive; `false` takes away a directive that the profile or the registration set. */
export type CspSources = readonly CspSource[] | false;

/**
 * The directives of a Content Security Policy (CSP Level 3), in camel case. A nonce can stand in `scriptSrc`,
 * `scriptSrcElem`, `styleSrc` and `styleSrcElem`.
 */
export interface CspDirectives {
  readonly defaultSrc?: CspSources;
  readonly childSrc?: CspSources;
  readonly connectSrc?: CspSources;
  readonly fencedFrameSrc?: CspSources;
  readonly fontSrc?: CspSources;
  readonly frameSrc?: CspSources;
  readonly imgSrc?: CspSources;
  readonly manifestSrc?: CspSources;
  readonly mediaSrc?: CspSources;
  readonly objectSrc?: CspSources;
  readonly scriptSrc?: CspSources;
  readonly scriptSrcElem?: CspSources;
  readonly scriptSrcAttr?: CspSources;
  readonly styleSrc?: CspSources;
  readonly styleSrcElem?: CspSources;
  readonly styleSrcAttr?: CspSources;
  readonly workerSrc?: CspSources;
  readonly baseUri?: CspSources;
  readonly formAction?: CspSources;
  readonly frameAncestors?: CspSources;
  /** What a sandboxed page may do all the same; an empty list allows nothing. */
  readonly sandbox?: readonly string[] | false;
  readonly requireTrustedTypesFor?: readonly "'script'"[] | false;
  readonly trustedTypes?: readonly string[] | false;
  /** Sent over TLS only: over plain HTTP it would break a site that has no TLS. */
  readonly upgradeInsecureRequests?: boolean;
  /** The name of an endpoint in `reportingEndpoints`. */
  readonly reportTo?: string | false;
  /** Where browsers without `reportTo` send their reports. */
  readonly reportUri?: readonly string[] | false;
}

export type CspDirective = keyof CspDirectives;

/** How the value of a directive is checked. */
export type DirectiveKind =
  | "script" // sources, with the keywords for code; a nonce where it applies
  | "style"
  | "fetch" // sources without inline content
  | "navigation" // sources that are no fetch directive
  | "sandbox"
  | "trustedTypesFor"
  | "trustedTypes"
  | "flag"
  | "endpoint"
  | "uris";

/** Every directive, in the order in which a policy lists them. */
export const DIRECTIVES: Readonly<Record<CspDirective, DirectiveKind>> = {
  defaultSrc: "script",
  baseUri: "navigation",
  childSrc: "fetch",
  connectSrc: "fetch",
  fencedFrameSrc: "fetch",
  fontSrc: "fetch",
  formAction: "navigation",
  frameAncestors: "navigation",
  frameSrc: "fetch",
  imgSrc: "fetch",
  manifestSrc: "fetch",
  mediaSrc: "fetch",
  objectSrc: "fetch",
  scriptSrc: "script",
  scriptSrcElem: "script",
  scriptSrcAttr: "script",
  styleSrc: "style",
  styleSrcElem: "style",
  styleSrcAttr: "style",
  workerSrc: "script",
  sandbox: "sandbox",
  requireTrustedTypesFor: "trustedTypesFor",
  trustedTypes: "trustedTypes",
  upgradeInsecureRequests: "flag",
  reportTo: "endpoint",
  reportUri: "uris",
};

/** Gives the name of a directive, or of a header, as it is sent: `script-src` for `scriptSrc`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
