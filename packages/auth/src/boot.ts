import type { AuditView, Finding } from "@enfilade/layer";
import { arrangementOf } from "@enfilade/layer/arranging";
import type { FastifyInstance } from "fastify";
import { AUTH_REFUSED } from "./errors.ts";

/**
 * Hands findings to the audit of an arrangement; where there is none, refuses to boot by itself, and logs
 * the warnings.
 */
export function atBoot(
  app: FastifyInstance,
  find: () => Finding[],
): { audit(view: AuditView): Iterable<Finding> } {
  if (arrangementOf(app) === undefined) {
    app.addHook("onReady", async () => {
      const findings = find();
      const errors = findings.filter(({ severity }) => severity === "error");
      if (errors.length > 0) throw new AUTH_REFUSED(errors.map(toLine).join("\n"));
      for (const finding of findings) app.log.warn({ code: finding.code }, toLine(finding));
    });
  }
  return { audit: find };
}

function toLine({ code, where, why, fix }: Finding): string {
  return `${code} ${where}: ${why}. ${fix}`;
}
