// What a graph is made of, while nothing in it is chosen.
import type { ServedGraph } from "../graph-view.ts";
import { Bar } from "./bar.tsx";
import { amount, bytes, whole } from "./format.ts";
import { familyOf } from "./op-family.ts";

/** The name, and the domain below it where it is not ONNX's own. */
function OperatorName({ op }: { readonly op: string }) {
  const dot = op.lastIndexOf(".");
  return (
    <>
      {op.slice(dot + 1)}
      {dot > 0 ? <span class="domain">{op.slice(0, dot)}</span> : null}
    </>
  );
}

export function GraphSummary({ served }: { readonly served: ServedGraph }) {
  const nodes = served.operators.reduce((n, [, count]) => n + count, 0);
  const most = served.operators[0]?.[1] ?? 1;
  return (
    <>
      <h2>As it is served</h2>
      <dl class="facts">
        <dt>Engine</dt>
        <dd>{served.engine}</dd>
        <dt>Nodes</dt>
        <dd>{whole(nodes)}</dd>
        <dt>Parameters</dt>
        <dd>
          {amount(served.parameters)} <span class="quiet">({bytes(served.bytes)})</span>
        </dd>
      </dl>
      <h3>Operators</h3>
      <table class="bars">
        <thead class="hidden">
          <tr>
            <th scope="col">Operator</th>
            <th scope="col">Share</th>
            <th scope="col">Nodes</th>
          </tr>
        </thead>
        <tbody>
          {served.operators.map(([op, count]) => (
            <tr key={op}>
              <th scope="row">
                <span class={`family ${familyOf(op)}`} aria-hidden="true" />
                <OperatorName op={op} />
              </th>
              <td>
                <Bar share={count / most} />
              </td>
              <td class="right">{whole(count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
