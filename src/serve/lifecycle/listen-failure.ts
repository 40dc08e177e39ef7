// From what the system says when a port cannot be bound to an error that names the port and the key that set it.
import { ingotError } from "../../errors/error.ts";
import { hostAndPort } from "../config/address.ts";
import { httpListeners } from "../config/check-listeners.ts";
import type { ServerConfig } from "../config/server-config.ts";

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there",
  EACCES: "this user may not listen there",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "no such host is known",
};

/** `ServeCannotListen` for an error of `listen`; any other error as it is. */
export function listenFailure(error: unknown, config: ServerConfig): unknown {
  if (!(error instanceof Error)) return error;
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & { readonly address?: string; readonly port?: number };
  const why = code === undefined ? undefined : reasons[code];
  if (why === undefined || (syscall !== "listen" && syscall !== "bind" && syscall !== "getaddrinfo")) return error;
  const listener = httpListeners(config).find(({ address: a }) =>
    a.kind === "unix" ? a.path === address : a.port === port || a.host === (error as { readonly hostname?: string }).hostname,
  );
  const where = port !== undefined && port >= 0 && address !== undefined ? hostAndPort(address, port) : (address ?? error.message);
  const key = listener?.key ?? (port === config.grpcManagementPort ? "grpc_management_port" : "grpc_inference_port");
  return ingotError("ServeCannotListen", { key, where, why }, { cause: error });
}
