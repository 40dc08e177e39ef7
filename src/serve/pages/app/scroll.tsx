// A part of a page that scrolls by itself, also with the keyboard.
import type { ComponentChildren } from "preact";

interface Props {
  /** What it holds, for whoever comes to it by keyboard. */
  readonly label: string;
  readonly tall?: boolean;
  readonly children: ComponentChildren;
}

export function Scroll({ label, tall = false, children }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must have the focus to be scrolled with keys
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for controls
    <div class={`scroll${tall ? " tall" : ""}`} role="group" tabIndex={0} aria-label={label}>
      {children}
    </div>
  );
}

/** Code, or a text as it came. */
export function CodeBlock({ label, kind, text }: { readonly label: string; readonly kind: string; readonly text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must have the focus to be scrolled with keys
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for controls
    <div class={kind} role="group" tabIndex={0} aria-label={label}>
      <pre>
        <code>{text}</code>
      </pre>
    </div>
  );
}
