/**
 * Redacts the data of server-sent events. The data of one event may stand on several lines, and are one
 * text for whoever reads them; so they are here.
 */
export function redactEvents(text: string, redact: (data: string) => string): string {
  const lines: string[] = [];
  let data: string[] = [];
  const flush = () => {
    if (data.length === 0) return;
    for (const line of redactData(data.join("\n"), redact).split("\n")) lines.push(`data: ${line}`);
    data = [];
  };
  for (const line of text.split(/\r\n|[\r\n]/)) {
    const value = /^data(?:: ?|$)(.*)$/s.exec(line)?.[1];
    if (value !== undefined) {
      data.push(value);
      continue;
    }
    if (line === "") flush();
    lines.push(line);
  }
  flush();
  return lines.join("\n");
}

/** Words of a model are not JSON, and stay; what begins like JSON is taken for it. */
function redactData(data: string, redact: (data: string) => string): string {
  return /^\s*[{["]/.test(data) ? redact(data) : data;
}
