// Where a listener binds: `http://host:port`, `https://host:port` or `unix:/path`, with TorchServe's default ports.
import { isIP, isIPv4, isIPv6 } from "node:net";

/** A place to listen at. `host` is a name or an IP address; IPv6 is without its brackets. */
export type Address =
  | { readonly kind: "tcp"; readonly tls: boolean; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** Whose address it is: the default ports depend on that. */
export type AddressRole = "inference" | "management" | "metrics";

const defaultPorts: { readonly [R in AddressRole]: { readonly http: number; readonly https: number } } = {
  inference: { http: 80, https: 443 },
  management: { http: 8081, https: 8444 },
  metrics: { http: 8082, https: 8445 },
};

/** Linux holds 107 bytes of the path of a socket, macOS 103; Node cuts longer ones off without a word. */
const longestSocketPath = 103;

/**
 * Reads an address; undefined where it is none. Without a port it is TorchServe's for that role; port 0 is one that the system chooses.
 *
 * @example parseAddress("https://[::1]", "management"); // { kind: "tcp", tls: true, host: "::1", port: 8444 }
 */
export function parseAddress(text: string, role: AddressRole): Address | undefined {
  const path = /^unix:(\/.*)$/i.exec(text)?.[1];
  if (path !== undefined) return Buffer.byteLength(path) <= longestSocketPath && !path.includes("\0") ? { kind: "unix", path } : undefined;
  const [, scheme, bracketed, name, digits] = /^(https?):\/\/(?:\[([^\]]*)\]|([^:/[\]]+))(?::(\d{1,5}))?\/?$/i.exec(text) ?? [];
  const host = bracketed ?? name;
  if (scheme === undefined || host === undefined || (bracketed === undefined ? !isHost(host) : !isIPv6(host))) return undefined;
  const protocol = scheme.toLowerCase() === "https" ? "https" : "http";
  const port = digits === undefined ? defaultPorts[role][protocol] : Number(digits);
  return port > 65535 ? undefined : { kind: "tcp", tls: protocol === "https", host, port };
}

/** Whether a text is a name of a host or an IP address, without brackets. */
export function isHost(text: string): boolean {
  if (isIP(text)) return true;
  // 300.1.1.1 is a mistake and no name.
  return (
    !/^[\d.]+$/.test(text) && text.length <= 253 && /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(text)
  );
}

/** Host and port as URLs have them: IPv6 in brackets. */
export const hostAndPort = (host: string, port: number): string => `${isIPv6(host) ? `[${host}]` : host}:${port}`;

/** The address as it stands in config.properties. */
export function formatAddress(address: Address): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return `${address.tls ? "https" : "http"}://${hostAndPort(address.host, address.port)}`;
}

/** Whether only this machine reaches the host: `localhost`, 127.0.0.0/8, `::1`. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.toLowerCase().replace(/\.$/, "");
  if (bare === "localhost" || bare.endsWith(".localhost")) return true;
  if (isIPv4(bare)) return bare.startsWith("127.");
  if (!isIPv6(bare)) return false;
  const mapped = /^::ffff:([\d.]+)$/.exec(bare)?.[1];
  return mapped === undefined ? /^(0{0,4}:){2,7}0{0,3}1$/.test(bare) : mapped.startsWith("127.");
}

/** Whether only this machine reaches the address; a Unix socket is a file of this machine. */
export const isLoopback = (address: Address): boolean => address.kind === "unix" || isLoopbackHost(address.host);

/** Whether two listeners ask for the same place. Port 0 is another one each time. */
export function sameAddress(a: Address, b: Address): boolean {
  if (a.kind === "unix" || b.kind === "unix") return a.kind === b.kind && formatAddress(a) === formatAddress(b);
  return samePlace(a, b);
}

interface Place {
  readonly host: string;
  readonly port: number;
}

/** Whether two sockets cannot both be bound: the same port, on the same host or with one of them on all hosts. */
export function samePlace(a: Place, b: Place): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  const every = (host: string) => host === "0.0.0.0" || host === "::";
  return a.host.toLowerCase() === b.host.toLowerCase() || every(a.host) || every(b.host);
}
