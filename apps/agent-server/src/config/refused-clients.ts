import type { ClientGateOptions } from "@enfilade/client-gate";
import { isNetwork } from "./networks.ts";
import { listOf, type Reading } from "./problems.ts";

/** A product of a user agent, as the client-gate layer takes it: `LegacyApp`, `LegacyApp/1.`, `Legacy*`. */
const product = /^[A-Za-z][\w!#$%&'+.^`|~-]*\*?(\/[\w.+-]+)?$/;

/** Reads whom the server does not serve, by address, by network, or by what their user agent says. */
export function readRefusedClients(
  text: string | undefined,
): Reading<ClientGateOptions | undefined> {
  const items = text === undefined ? [] : listOf(text);
  const address = items.filter(isNetwork);
  const userAgent = items.filter((item) => !isNetwork(item));
  const odd = userAgent.filter((item) => !product.test(item));
  const problems = odd.map(
    (item) =>
      "REFUSED_CLIENTS must list addresses, networks and products of user agents, such as 198.51.100.0/24 or " +
      `LegacyApp/1.; one is ${JSON.stringify(item)}`,
  );
  const refuse = [
    ...(address.length > 0 ? [{ name: "refused-addresses", address }] : []),
    ...(userAgent.length > 0 ? [{ name: "refused-user-agents", userAgent }] : []),
  ];
  return { value: refuse.length > 0 ? { refuse } : undefined, problems };
}
