// What the routes of all protocols share.
import type { ServerConfig } from "./config/server-config.ts";
import type { Tokens } from "./config/tokens.ts";
import type { BytesInFlight } from "./http/read-body.ts";
import type { Port } from "./http/router.ts";
import type { Log } from "./log.ts";
import type { LiveWindow } from "./metrics/live.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { ModelManager } from "./models/model-manager.ts";
import type { Registry } from "./models/registry.ts";
import type { Observer } from "./observer.ts";

export interface ServerParts {
  readonly config: ServerConfig;
  readonly registry: Registry;
  readonly manager: ModelManager;
  readonly inFlight: BytesInFlight;
  readonly log: Log;
  readonly tokens: Tokens;
  readonly observer: Observer;
  readonly metrics: Metrics;
  readonly live: LiveWindow;
  /** Where the server listens, once it does. */
  readonly addresses: () => Readonly<Partial<Record<Port, string>>>;
  /** Whether the server is on its way down: it answers what it has, and is not ready for more. */
  readonly isDraining: () => boolean;
  /** Whether it is still loading the models that it begins with. */
  readonly isStarting: () => boolean;
}
