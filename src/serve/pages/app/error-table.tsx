// What went wrong lately, to be found by the id that the client has in `x-request-id`.

import { useState } from "preact/hooks";
import type { LiveError } from "../../metrics/live-figures.ts";
import { timeOfDay } from "./format.ts";
import { Scroll } from "./scroll.tsx";

export function ErrorTable({ errors }: { readonly errors: readonly LiveError[] }) {
  const [wanted, setWanted] = useState("");
  const text = wanted.trim().toLowerCase();
  const shown = errors.filter((e) => text === "" || `${e.requestId} ${e.what} ${e.message}`.toLowerCase().includes(text));
  return (
    <section class="card" aria-labelledby="errors">
      <div class="title">
        <h2 id="errors">Errors of all models</h2>
        <label class="picker">
          <span>Find</span>
          <input type="search" value={wanted} onInput={(e) => setWanted(e.currentTarget.value)} placeholder="Request id or text" />
        </label>
      </div>
      {shown.length === 0 ? (
        <p class="quiet">{errors.length === 0 ? "Nothing went wrong lately." : "No error has that in it."}</p>
      ) : (
        <Scroll tall label="Errors">
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Status</th>
                <th scope="col">Model or path</th>
                <th scope="col">What the client was told</th>
                <th scope="col">Request</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((e) => (
                <tr key={e.requestId}>
                  <td class="number">{timeOfDay(e.at)}</td>
                  <td class="number">{e.status}</td>
                  <td>{e.what}</td>
                  <td class="message">{e.message}</td>
                  <td>
                    <code>{e.requestId}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}
