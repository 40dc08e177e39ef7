// Which IP addresses are the public internet's. All others belong to this machine, its network, or nobody: whoever may name a URL to a server
// must not reach through it what only the server can.
import { BlockList, isIP, isIPv6 } from "node:net";

/** The registries of special-purpose addresses (RFC 6890 and what came after it), and prefixes that have an IPv4 address inside of them. */
const special: readonly (readonly [address: string, prefix: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  ["::", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
  ["5f00::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
];

const blocked = new BlockList();
for (const [address, prefix] of special) blocked.addSubnet(address, prefix, isIPv6(address) ? "ipv6" : "ipv4");

/**
 * Whether an IP address is the public internet's; false for what is no IP address. IPv4 inside of IPv6 (`::ffff:10.0.0.1`) is judged as IPv4.
 *
 * @example isPublicAddress("169.254.169.254"); // false: where clouds keep their secrets
 */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, "");
  const family = isIP(bare);
  return family !== 0 && !blocked.check(bare, family === 6 ? "ipv6" : "ipv4");
}
