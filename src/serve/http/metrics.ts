// The metrics API, on port 8082. No token is asked for, as in TorchServe: who may reach it is up to its address.
import type { Route } from "./router.ts";

export const metricsRoutes: readonly Route[] = [
  {
    port: "metrics",
    path: "/metrics",
    methods: ["GET"],
    async handle(exchange, _, { metrics }) {
      const text = await metrics.text(exchange.query.getAll("name[]"));
      exchange.reply(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }, text);
    },
  },
];
