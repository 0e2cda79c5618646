import { isToken } from "@enfilade/layer";
/*
 * The field value of Server-Timing (W3C Server Timing, section 3.1): metrics separated by commas, each a
 * token with parameters. Only what fits the grammar gets out of here, whatever came in.
 */

/** One metric of the header. */
export interface Metric {
  readonly name: string;
  readonly durationMs: number;
  readonly description?: string | undefined;
}

const MAX_NAME_LENGTH = 64;
const MAX_DESCRIPTION_LENGTH = 128;
/** Proxies that buffer a response's head give it 4 kB or so, and answer 502 when that is too little. */
const MAX_VALUE_LENGTH = 2048;

/** Tells whether a name can stand in the header as it is. */
export function isMetricName(name: unknown): name is string {
  return isToken(name) && name.length <= MAX_NAME_LENGTH;
}

/** Rounds to a number of decimals, given as a power of ten. */
export function round(ms: number, scale: number): number {
  return Math.round(ms * scale) / scale;
}

/** Writes metrics as one field value; those that would make it longer than 2 kB are left out. */
export function formatMetrics(metrics: Iterable<Metric>, scale: number): string {
  let value = "";
  for (const metric of metrics) {
    const text = formatMetric(metric, scale);
    if (value.length + text.length + 2 > MAX_VALUE_LENGTH) break;
    value += value === "" ? text : `, ${text}`;
  }
  return value;
}

function formatMetric({ name, durationMs, description }: Metric, scale: number): string {
  const metric = `${name};dur=${round(durationMs, scale)}`;
  return description === undefined ? metric : `${metric};desc=${quote(description)}`;
}

/** A quoted-string (RFC 9110, section 5.6.4) of printable ASCII; obs-text is nothing to send today. */
function quote(text: string): string {
  const printable = text.slice(0, MAX_DESCRIPTION_LENGTH).replace(/[^\x20-\x7e]/gu, "?");
  return `"${printable.replace(/["\\]/g, "\\$&")}"`;
}
