// All routes of a server, in the order in which they are tried, and what each request is asked before.
import { hostGuard, tokenGuard } from "./http/guards.ts";
import { inferenceRoutes } from "./http/inference.ts";
import type { Guard } from "./http/listener.ts";
import { managementRoutes } from "./http/management.ts";
import { metricsRoutes } from "./http/metrics.ts";
import { oipRoutes } from "./http/oip.ts";
import { descriptionRoutes } from "./http/openapi/routes.ts";
import type { Route } from "./http/router.ts";
import { pageRoutes } from "./pages/routes.ts";

const ofApis: readonly Route[] = [...oipRoutes, ...inferenceRoutes, ...managementRoutes, ...metricsRoutes];

export const routes: readonly Route[] = [...descriptionRoutes(ofApis), ...ofApis, ...pageRoutes];

export const guards: readonly Guard[] = [hostGuard, tokenGuard];
