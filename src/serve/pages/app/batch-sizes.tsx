// How many requests ran in batches of which size.
import { Bar } from "./bar.tsx";
import { whole } from "./format.ts";

/** Sizes that have a row of their own; beyond it neighbours are put together. */
const mostRows = 10;

export function BatchSizes({ batches }: { readonly batches: readonly (readonly [size: number, requests: number])[] }) {
  if (batches.length === 0) return <p class="quiet">No requests in the last minutes.</p>;
  const rows = grouped(batches);
  const most = Math.max(...rows.map((r) => r.requests));
  return (
    <table class="bars">
      <thead>
        <tr>
          <th scope="col">Size</th>
          <th scope="col">Share</th>
          <th scope="col" class="right">
            Requests
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, requests }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <Bar share={requests / most} />
            </td>
            <td class="right">{whole(requests)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function grouped(batches: readonly (readonly [number, number])[]): { readonly name: string; readonly requests: number }[] {
  if (batches.length <= mostRows) return batches.map(([size, requests]) => ({ name: String(size), requests }));
  const groups = new Map<number, number>();
  for (const [size, requests] of batches) {
    const from = 2 ** Math.floor(Math.log2(size));
    groups.set(from, (groups.get(from) ?? 0) + requests);
  }
  return [...groups].map(([from, requests]) => ({ name: from === 1 ? "1" : `${from}–${from * 2 - 1}`, requests }));
}
