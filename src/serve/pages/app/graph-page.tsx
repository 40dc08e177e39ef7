// The graph of the model as it is served: drawn, searched, and looked into.
import { useEffect, useState } from "preact/hooks";
import type { GraphView, ServedGraph } from "../graph-view.ts";
import type { ModelView } from "../views.ts";
import { json, messageOf, pathOf } from "./api.ts";
import { GraphExplorer } from "./graph-explorer.tsx";
import { ModelPicker, NoModel } from "./model-picker.tsx";
import type { PageProps } from "./shell.tsx";

export function GraphPage({ server, model }: PageProps) {
  if (!model) return <NoModel title="Graph" />;
  return (
    <>
      <div class="title">
        <h1>Graph</h1>
        <ModelPicker page="graph" models={server.models} model={model} />
      </div>
      <ServedGraphOf key={`${model.name} ${model.version}`} model={model} />
    </>
  );
}

/** A graph with the bodies of control flow that were entered, the outermost first. */
interface Level {
  readonly title: string;
  readonly view: GraphView;
}

function ServedGraphOf({ model }: { readonly model: ModelView }) {
  const [served, setServed] = useState<ServedGraph>();
  const [problem, setProblem] = useState<string>();
  const [levels, setLevels] = useState<readonly Level[]>([]);
  const { name, version, isReady } = model;
  // Asked again when the model has become ready.
  useEffect(() => {
    const stop = new AbortController();
    json<ServedGraph>(pathOf("ui", "api", "graph", name, version), { signal: stop.signal })
      .then((graph) => {
        setServed(graph);
        setProblem(undefined);
        setLevels([{ title: graph.graph.name, view: graph.graph }]);
      })
      .catch((error: unknown) => {
        if (!stop.signal.aborted) setProblem(messageOf(error));
      });
    return () => stop.abort();
  }, [name, version, isReady]);
  const level = levels.at(-1);
  if (problem !== undefined && !served) return <p class="problem">{problem}</p>;
  if (!served || !level) return <p class="quiet">Asking a worker for its graph…</p>;
  return (
    <>
      {levels.length > 1 ? (
        <nav aria-label="Bodies" class="crumbs">
          {levels.map(({ title }, i) => (
            <button key={title} type="button" disabled={i === levels.length - 1} onClick={() => setLevels(levels.slice(0, i + 1))}>
              {title}
            </button>
          ))}
        </nav>
      ) : null}
      <GraphExplorer
        key={levels.map((l) => l.title).join("/")}
        served={served}
        view={level.view}
        enter={(title, view) => setLevels([...levels, { title, view }])}
      />
    </>
  );
}
