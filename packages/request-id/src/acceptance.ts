import { BlockList, isIP } from "node:net";
import { REQUEST_ID_CALLBACK_FAILED } from "./errors.ts";
import type { RawRequest } from "./types.ts";

/**
 * From whom something is taken over: from everybody, from nobody, from the peers with these addresses or
 * CIDR blocks, or as a function says.
 */
export type Acceptance = boolean | readonly string[] | ((request: RawRequest) => boolean);

/** Tells whether a request comes from one whose word is taken. */
export type Accepts = (request: RawRequest) => boolean;

/**
 * Turns an acceptance into a function that never throws.
 *
 * @returns `undefined` for an acceptance that is none
 */
export function readAcceptance(
  option: string,
  acceptance: unknown,
  report: (error: Error) => void,
): Accepts | undefined {
  if (typeof acceptance === "boolean") return acceptance ? always : never;
  if (typeof acceptance === "function") return guarded(option, acceptance as Accepts, report);
  return Array.isArray(acceptance) ? fromPeers(acceptance) : undefined;
}

const always: Accepts = () => true;
const never: Accepts = () => false;

/** The peer is who holds the other end of the connection, whatever a forwarding header says of it. */
function fromPeers(addresses: readonly unknown[]): Accepts | undefined {
  const peers = new BlockList();
  for (const address of addresses) {
    if (!isPeer(address)) return undefined;
    addPeer(peers, address);
  }
  return ({ socket }) => {
    // No address: a Unix socket, or a request that was made up inside the process.
    const peer = socket?.remoteAddress;
    return peer !== undefined && peers.check(peer, isIP(peer) === 6 ? "ipv6" : "ipv4");
  };
}

/** Tells whether a value is an address or a CIDR block. */
export function isPeer(value: unknown): value is string {
  return typeof value === "string" && addPeer(new BlockList(), value);
}

function addPeer(peers: BlockList, text: string): boolean {
  const [address = "", prefix, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  const type = family === 6 ? "ipv6" : "ipv4";
  if (prefix === undefined) {
    peers.addAddress(address, type);
    return true;
  }
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > (family === 6 ? 128 : 32)) return false;
  peers.addSubnet(address, Number(prefix), type);
  return true;
}

/** An error here would be thrown outside of any hook, and end the process. */
function guarded(option: string, accepts: Accepts, report: (error: Error) => void): Accepts {
  return (request) => {
    try {
      const answer: unknown = accepts(request);
      // A promise is true to an `if`: an async function would accept everybody.
      if (typeof answer === "boolean") return answer;
      report(new REQUEST_ID_CALLBACK_FAILED(option, `returned ${typeof answer}, not a boolean`));
    } catch (error) {
      report(failed(option, error));
    }
    return false;
  };
}

/** Wraps what a function of the application threw. */
export function failed(option: string, cause: unknown): Error {
  const error = new REQUEST_ID_CALLBACK_FAILED(option, "threw an error");
  error.cause = cause;
  return error;
}
