// Models by name and version, in the words of the Open Inference Protocol. An empty version is the default one.
import { refuse } from "../fault.ts";
import type { Registry } from "../models/registry.ts";
import type { ServedVersion } from "../models/served-version.ts";

/** Throws ServeFault 404: `Model with name X does not exist.` */
export function findModel(registry: Registry, name: string, version: string | undefined): ServedVersion {
  if (!registry.has(name)) throw refuse("ModelNotFoundException", `Model with name ${name} does not exist.`);
  if (version && !registry.has(name, version))
    throw refuse("ModelVersionNotFoundException", `Model with name ${name} and version ${version} does not exist.`);
  return registry.find(name, version || undefined);
}

/** What the model takes and gives. Throws ServeFault 503 while no worker has opened it. */
export function ioOf(served: ServedVersion) {
  const { io, name } = served;
  if (!io) throw refuse("ServiceUnavailableException", `Model with name ${name} is not ready.`);
  return io;
}
