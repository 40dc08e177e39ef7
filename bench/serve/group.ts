// The group `serve`: what the server costs over the bare model.
import type { Measure } from "../figure.ts";
import { batching } from "./batching.ts";
import { chaos } from "./chaos.ts";
import { eventLoop } from "./event-loop.ts";
import { graphLayout } from "./graph-layout.ts";
import { hotStart } from "./hot-start.ts";
import { idleConnections } from "./idle-connections.ts";
import { overhead } from "./overhead.ts";
import { resnet } from "./resnet.ts";

export const serveGroup: Readonly<Record<string, Measure>> = {
  overhead,
  batching,
  resnet,
  "hot-start": hotStart,
  "event-loop": eventLoop,
  "idle-connections": idleConnections,
  chaos,
  "graph-layout": graphLayout,
};
