// A node that is chosen in the drawing: where it comes from, what it is set to, what it reads and who reads it.
import type { GraphView } from "../graph-view.ts";
import { plural } from "./format.ts";
import { type Box, type GraphModel, scopeText } from "./graph-model.ts";

interface Props {
  readonly model: GraphModel;
  readonly box: Box;
  readonly id: number;
  readonly choose: (id: number) => void;
  readonly close: () => void;
  readonly enter: (title: string, view: GraphView) => void;
}

/** Readers that are named; a shape may have thousands. */
const mostReaders = 12;

export function NodeDetails({ model, box, choose, close, enter }: Props) {
  const inputs = box.kind === "node" ? box.node.inputs : box.kind === "output" ? [box.value] : [];
  const outputs = box.kind === "node" ? box.node.outputs : box.kind === "input" ? [box.value] : [];
  const node = box.kind === "node" ? box.node : undefined;
  return (
    <>
      <div class="details-head">
        <h2>{box.title}</h2>
        <button type="button" onClick={close} aria-label="Close details">
          ×
        </button>
      </div>
      {node ? (
        <dl class="facts">
          <dt>Operator</dt>
          <dd>{node.op}</dd>
          <dt>Name</dt>
          <dd>
            <code>{node.name}</code>
          </dd>
          {node.scope.length > 0 ? (
            <>
              <dt>Module</dt>
              <dd>
                <code>{scopeText(box)}</code>
              </dd>
            </>
          ) : null}
          {node.sources.length > 0 ? (
            <>
              <dt>Source</dt>
              <dd>
                {node.sources.map((s) => (
                  <code key={s}>{s}</code>
                ))}
              </dd>
            </>
          ) : null}
        </dl>
      ) : (
        <p class="quiet">{box.kind === "input" ? "Input of the graph" : "Output of the graph"}</p>
      )}
      {node?.bodies?.map(([attribute, body]) => (
        <button key={attribute} type="button" onClick={() => enter(`${node.name} ${attribute}`, body)}>
          Show {attribute} ({plural(body.nodes.length, "node")})
        </button>
      ))}
      {node && node.attributes.length > 0 ? (
        <>
          <h3>Attributes</h3>
          <dl class="facts">
            {node.attributes.map(([name, value]) => (
              <>
                <dt>{name}</dt>
                <dd>
                  <code>{value}</code>
                </dd>
              </>
            ))}
          </dl>
        </>
      ) : null}
      {inputs.length > 0 ? <h3>Reads</h3> : null}
      <ul class="values">
        {inputs.map((value, i) => (
          <li key={i}>
            {value < 0 ? (
              <span class="quiet">left out</span>
            ) : (
              <ValueLine model={model} value={value} others={makers(model, value)} choose={choose} />
            )}
          </li>
        ))}
      </ul>
      {outputs.length > 0 ? <h3>{box.kind === "input" ? "Read by" : "Makes"}</h3> : null}
      <ul class="values">
        {outputs.map((value) => (
          <li key={value}>
            <ValueLine model={model} value={value} others={model.readersOf.get(value) ?? []} choose={choose} />
          </li>
        ))}
      </ul>
    </>
  );
}

const makers = (model: GraphModel, value: number): readonly number[] => {
  const maker = model.makerOf.get(value);
  return maker === undefined ? [] : [maker];
};

function ValueLine({
  model,
  value,
  others,
  choose,
}: {
  readonly model: GraphModel;
  readonly value: number;
  readonly others: readonly number[];
  readonly choose: (id: number) => void;
}) {
  const view = model.served.values[value];
  return (
    <>
      <code>{view?.name}</code>
      <span class="quiet small">{view?.type}</span>
      {view?.constant === undefined ? null : <span class="small">constant {view.constant}</span>}
      {others.slice(0, mostReaders).map((id) => (
        <button key={id} type="button" class="link" onClick={() => choose(id)}>
          {model.boxes[id]?.title}
        </button>
      ))}
      {others.length > mostReaders ? <span class="quiet small">and {others.length - mostReaders} more</span> : null}
    </>
  );
}
