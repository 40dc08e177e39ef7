// A bar as long as a number; the number itself stands beside it, so that nobody has to see the bar.

/** `share` is from 0 to 1. */
export function Bar({ share }: { readonly share: number }) {
  return (
    <span class="bar-track" aria-hidden="true">
      <span class="bar-fill" style={{ width: `${Math.max(1, share * 100)}%` }} />
    </span>
  );
}
