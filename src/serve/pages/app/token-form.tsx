// Asks for the management token.
import { useState } from "preact/hooks";
import { setToken } from "./api.ts";

export function TokenForm() {
  const [text, setText] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    setToken(text);
  };
  return (
    <form class="card narrow" onSubmit={submit}>
      <h1>This server asks for its management token</h1>
      <p class="quiet">
        It is in <code>key_file.json</code>, where the server was started, under <code>management.key</code>. The page keeps it until it is
        closed or loaded again, and nowhere else.
      </p>
      <label class="field">
        <span>Management token</span>
        <input
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={(e) => setText(e.currentTarget.value)}
          required
        />
      </label>
      <button type="submit" class="primary">
        Continue
      </button>
    </form>
  );
}
