// The answer of a model, whatever it is.
import { useEffect, useState } from "preact/hooks";
import { Bar } from "./bar.tsx";
import { bytes, duration } from "./format.ts";
import { CodeBlock } from "./scroll.tsx";

export interface AnswerView {
  readonly status: number;
  readonly requestId: string;
  /** ms, from the click to the last byte. */
  readonly ms: number;
  readonly type: string;
  readonly size: number;
  /** Of JSON and text. */
  readonly text?: string;
  /** Of anything else. */
  readonly blob?: Blob;
  /** Of JSON that holds only numbers from 0 to 1 by name. */
  readonly scores?: readonly (readonly [name: string, score: number])[];
}

/** Characters that are shown: more would make a browser slow. */
const longest = 20_000;
const mostScores = 20;

export async function answerOf(response: Response, since: number): Promise<AnswerView> {
  const blob = await response.blob();
  const type = response.headers.get("content-type") ?? "";
  const common = {
    status: response.status,
    requestId: response.headers.get("x-request-id") ?? "",
    ms: performance.now() - since,
    type,
    size: blob.size,
  };
  if (!/json|^text\//.test(type)) return { ...common, blob };
  const text = await blob.text();
  const scores = response.ok ? scoresOf(text) : undefined;
  return { ...common, text, ...(scores && { scores }) };
}

/** In the order of the text, which a parsed object would not keep where names are digits. */
function scoresOf(text: string): AnswerView["scores"] {
  if (text.length > longest || !text.trimStart().startsWith("{")) return undefined;
  const pairs: [string, number][] = [];
  try {
    JSON.parse(text, function (this: unknown, name: string, value: unknown) {
      if (name !== "" || typeof value !== "object") pairs.push([name, typeof value === "number" ? value : Number.NaN]);
      return value;
    });
  } catch {
    return undefined;
  }
  if (pairs.length === 0 || pairs.length > mostScores || pairs.some(([, v]) => !(v >= 0 && v <= 1))) return undefined;
  return pairs.sort((a, b) => b[1] - a[1]);
}

export function Answer({ answer }: { readonly answer: AnswerView | undefined }) {
  const picture = usePicture(answer?.blob);
  return (
    <section class="card" aria-label="Answer">
      <p class="answer-line" role="status">
        {answer ? (
          <>
            <span class={`state ${answer.status < 400 ? "good" : "bad"}`}>
              <span class={`dot ${answer.status < 400 ? "good" : "bad"}`} aria-hidden="true" />
              {answer.status}
            </span>
            <span>{duration(answer.ms)}</span>
            <span class="quiet">{bytes(answer.size)}</span>
          </>
        ) : (
          <span class="quiet">The answer will be here.</span>
        )}
      </p>
      {answer?.scores ? <Scores scores={answer.scores} /> : null}
      {picture ? <img class="picture" src={picture} alt="The answer" /> : null}
      {answer?.text === undefined ? null : (
        <CodeBlock
          kind="result"
          label="Body of the answer"
          text={answer.text.length > longest ? `${answer.text.slice(0, longest)}\n… ${bytes(answer.size)} in all` : answer.text}
        />
      )}
      {answer?.blob && !picture ? (
        <p>
          {bytes(answer.size)} of {answer.type || "bytes"}
        </p>
      ) : null}
      {answer ? <p class="quiet small">Request {answer.requestId}</p> : null}
    </section>
  );
}

function Scores({ scores }: { readonly scores: NonNullable<AnswerView["scores"]> }) {
  return (
    <ol class="scores">
      {scores.map(([name, score]) => (
        <li key={name}>
          <span class="label">{name}</span>
          <Bar share={score} />
          <span class="number">{(score * 100).toFixed(1)} %</span>
        </li>
      ))}
    </ol>
  );
}

function usePicture(blob: Blob | undefined): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!blob?.type.startsWith("image/")) return setUrl(undefined);
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return url;
}
