// The same call in a shell and in two languages.
import { useState } from "preact/hooks";
import { CodeBlock } from "./scroll.tsx";
import { type Call, type Language, snippets } from "./snippets.ts";

const languages = Object.keys(snippets) as Language[];

export function SnippetTabs({ call }: { readonly call: Call }) {
  const [language, setLanguage] = useState<Language>("curl");
  const [copied, setCopied] = useState(false);
  const text = snippets[language](call);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <section class="card" aria-label="The same call elsewhere">
      <div class="snippet-head">
        <fieldset class="segments">
          <legend class="hidden">Language</legend>
          {languages.map((l) => (
            <label key={l}>
              <input type="radio" name="language" checked={l === language} onChange={() => setLanguage(l)} />
              <span>{l}</span>
            </label>
          ))}
        </fieldset>
        {/* Only a page that came over HTTPS or from this machine may use the clipboard. */}
        {window.isSecureContext ? (
          <button type="button" onClick={() => void copy()}>
            {copied ? "Copied" : "Copy"}
          </button>
        ) : null}
      </div>
      <CodeBlock kind="snippet" label={`The call in ${language}`} text={text} />
      {call.needsToken ? (
        <p class="quiet small">
          <code>INFERENCE_TOKEN</code> is <code>inference.key</code> of the server’s <code>key_file.json</code>.
        </p>
      ) : null}
    </section>
  );
}
