const FIRST_MS = 25;
/** A server that has been away for long is found within a second, handshake included. */
const LONGEST_MS = 500;

/** How long to wait before the next attempt: doubling, and never in step with other processes. */
export function backoffMs(attempt: number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return whole / 2 + (Math.random() * whole) / 2;
}
