// A request to a model, its answer, and how others would write it.
import { useEffect, useState } from "preact/hooks";
import type { ModelView, ServerView } from "../views.ts";
import { Answer, type AnswerView, answerOf } from "./answer.tsx";
import { messageOf, pathOf, send } from "./api.ts";
import { exampleInput } from "./example-input.ts";
import { FileDrop } from "./file-drop.tsx";
import { ModelPicker, NoModel } from "./model-picker.tsx";
import type { PageProps } from "./shell.tsx";
import { SnippetTabs } from "./snippet-tabs.tsx";
import type { Call } from "./snippets.ts";

const kinds = { file: "File", json: "JSON", text: "Text" } as const;
type Kind = keyof typeof kinds;

export function TryPage({ server, model }: PageProps) {
  if (!model) return <NoModel title="Try it" />;
  // Another model is another form.
  return (
    <>
      <div class="title">
        <h1>Try it</h1>
        <ModelPicker page="try" models={server.models} model={model} />
      </div>
      <TryForm key={`${model.name} ${model.version}`} server={server} model={model} />
    </>
  );
}

function TryForm({ server, model }: { readonly server: ServerView; readonly model: ModelView }) {
  const [kind, setKind] = useState<Kind>(() => usualKind(model.handler));
  const [file, setFile] = useState<File>();
  const [text, setText] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<AnswerView>();
  const [problem, setProblem] = useState("");
  const example = model.io ? exampleInput(model.io.inputs) : undefined;
  // The example is there as soon as a worker has said what its model takes, unless something was typed.
  const typed = text ?? (kind === "json" ? (example ?? "") : "");
  useEffect(() => setProblem(""), [kind, file, text]);

  const contentType = kind === "json" ? "application/json" : kind === "text" ? "text/plain" : fileType(file);
  const submit = async (event: Event) => {
    event.preventDefault();
    const body = kind === "file" ? file : typed;
    if (body === undefined || body === "") return setProblem(kind === "file" ? "Choose a file first." : "Type an input first.");
    setBusy(true);
    setProblem("");
    const since = performance.now();
    try {
      const headers = { "content-type": contentType ?? "application/octet-stream" };
      const response = await send(pathOf("ui", "api", "predict", model.name, model.version), { method: "POST", body, headers });
      setAnswer(await answerOf(response, since));
    } catch (error) {
      setAnswer(undefined);
      setProblem(messageOf(error));
    }
    setBusy(false);
  };
  const call: Call = {
    ...addressOf(server.inference, model),
    needsToken: server.inferenceToken,
    contentType,
    body: kind === "file" ? { file: file?.name ?? "my_cat.jpg" } : { text: typed },
  };
  return (
    <div class="columns">
      <form class="card" onSubmit={submit} aria-label="Request">
        <fieldset class="segments">
          <legend class="hidden">Kind of input</legend>
          {(Object.keys(kinds) as Kind[]).map((k) => (
            <label key={k}>
              <input type="radio" name="kind" checked={k === kind} onChange={() => setKind(k)} />
              <span>{kinds[k]}</span>
            </label>
          ))}
        </fieldset>
        {kind === "file" ? (
          <FileDrop file={file} choose={setFile} most={server.maxRequestSize} />
        ) : (
          <label class="field">
            <span>{kind === "json" ? "Input as JSON" : "Input as text"}</span>
            <textarea
              rows={12}
              spellcheck={false}
              class={kind === "json" ? "code" : ""}
              value={typed}
              onInput={(e) => setText(e.currentTarget.value)}
            />
          </label>
        )}
        <Takes model={model} />
        <div class="send">
          <button type="submit" class="primary" disabled={busy}>
            {busy ? "Waiting…" : "Send"}
          </button>
          <p class="problem" role="alert">
            {problem}
          </p>
        </div>
      </form>
      <div>
        <Answer answer={answer} />
        <SnippetTabs call={call} />
      </div>
    </div>
  );
}

function Takes({ model }: { readonly model: ModelView }) {
  if (!model.io) return <p class="quiet small">What the model takes is known when one of its workers is ready.</p>;
  const inputs = model.io.inputs.map((t) => `${t.name}: ${t.dtype}${t.shape ? `[${t.shape.join(", ")}]` : ""}`);
  return (
    <p class="quiet small">
      <code>{model.handler}</code> makes <code>{inputs.join("; ")}</code> of it.
    </p>
  );
}

function usualKind(handler: string): Kind {
  if (/^(image|object)_/.test(handler)) return "file";
  return handler.startsWith("text_") ? "text" : "json";
}

/** JSON and text are said to be so; whatever else is bytes, as with `curl -T`. */
function fileType(file: File | undefined): string | undefined {
  return file && /^(application\/json|text\/.+)$/.test(file.type) ? file.type : undefined;
}

/** Where others find the inference API: by the name in the address bar, where it listens on all of the machine's. */
function addressOf(inference: string, model: ModelView): Pick<Call, "url" | "socket"> {
  const path = pathOf(...(model.isDefault ? ["predictions", model.name] : ["predictions", model.name, model.version]));
  if (inference.startsWith("unix:")) return { url: `http://localhost${path}`, socket: inference.slice("unix:".length) };
  return { url: inference.replace(/\/\/(0\.0\.0\.0|\[::\])(?=[:/]|$)/, `//${location.hostname}`) + path, socket: undefined };
}
