/** An `error` refuses to boot, a `warning` is logged once, an `info` is only listed. */
export type Severity = "error" | "warning" | "info";

/** One thing the audit has to say. */
export interface Finding {
  /** A stable code, `PACKAGE_WHAT`; documented in docs/findings.md. */
  readonly code: string;
  readonly severity: Severity;
  /** The route, scope or registration concerned, in words. */
  readonly where: string;
  readonly why: string;
  readonly fix: string;
}
