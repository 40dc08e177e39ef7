// What happens in the server, as values of TorchServe's metrics.
import { type Asked, type Observer, observing } from "../observer.ts";
import type { MetricSink } from "./torchserve-metrics.ts";

/** An observer that hands each event's values to the sink. */
export function metricObserver(sink: MetricSink): Observer {
  return observing({
    asked(event) {
      sink.put("ts_inference_requests_total", modelLabels(event), 1);
    },
    served(event) {
      const { model, queue, worker, timing, requestId } = event;
      const labels = modelLabels(event);
      sink.put("ts_inference_latency_microseconds", labels, (queue + worker) * 1000);
      sink.put("ts_queue_latency_microseconds", labels, queue * 1000);
      sink.put("QueueTime", ["Host"], queue, requestId);
      if (!timing) return;
      const handler = timing.preprocess + timing.inference + timing.postprocess;
      // What the way to the worker and the wait in it cost.
      sink.put("WorkerThreadTime", ["Host"], Math.max(0, worker - handler), requestId);
      sink.put("HandlerTime", [model, "Model"], handler, requestId);
      sink.put("PredictionTime", [model, "Model"], worker, requestId);
    },
    worker({ what, model, version, worker, ms }) {
      if (what === "ready" && ms !== undefined) sink.put("WorkerLoadTime", [`W-${worker}-${model}_${version}`, "Host"], ms);
    },
    answered({ status }) {
      sink.put(familyOf(status), ["Host"], 1);
    },
  });
}

/** TorchServe's label for a request that names no version. */
const modelLabels = ({ model, version, named }: Asked) => [model, named ? version : "default"];

/** What is neither good nor the client's fault counts as the server's, as in TorchServe. */
function familyOf(status: number): "Requests2XX" | "Requests4XX" | "Requests5XX" {
  if (status >= 200 && status < 300) return "Requests2XX";
  return status >= 400 && status < 500 ? "Requests4XX" : "Requests5XX";
}
