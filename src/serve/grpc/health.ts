// grpc.health.v1.Health: what Kubernetes and load balancers ask. The empty name is the server; each service has the server's health.
import { refuse } from "../fault.ts";
import { isServerReady } from "../oip/metadata.ts";
import type { ServerParts } from "../server-parts.ts";
import type { Changes } from "./changes.ts";
import type { Methods } from "./method.ts";

/** ServingStatus. */
const [serving, notServing, unknown] = [1, 2, 3] as const;

interface HealthRequest {
  readonly service: string;
}

export function healthMethods(parts: ServerParts, changes: Changes, services: ReadonlySet<string>): Methods {
  const status = () => ({ status: isServerReady(parts) ? serving : notServing });
  return {
    Check: {
      kind: "unary",
      answer({ service }: HealthRequest) {
        if (service !== "" && !services.has(service)) throw refuse("ResourceNotFoundException", `There is no service ${service}.`);
        return status();
      },
    },
    Watch: {
      kind: "streaming",
      async answer({ service }: HealthRequest, call, send) {
        if (service !== "" && !services.has(service)) {
          send({ status: unknown });
          await changes.until(() => call.isCancelled());
          return;
        }
        let told: number | undefined;
        await changes.until(() => {
          const now = status();
          if (now.status !== told) send(now);
          told = now.status;
          return call.isCancelled();
        });
      },
    },
  };
}
