// What is around every page: the name, the way to the others, the state of the server, and the question for a token.
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ModelView, ServerView } from "../views.ts";
import { onTokenNeeded } from "./api.ts";
import { GraphPage } from "./graph-page.tsx";
import { LivePage } from "./live-page.tsx";
import { ModelsPage } from "./models-page.tsx";
import { hrefOf, type Place, usePlace } from "./place.ts";
import { usePoll } from "./poll.ts";
import { TokenForm } from "./token-form.tsx";
import { TryPage } from "./try-page.tsx";

/** What every page is given. */
export interface PageProps {
  readonly server: ServerView;
  /** The model that the address names, else the first one. */
  readonly model: ModelView | undefined;
  /** Asks the server for its models again. */
  readonly refresh: () => void;
}

interface PageEntry {
  readonly id: string;
  readonly title: string;
  readonly view: ComponentType<PageProps>;
}

const pages: readonly PageEntry[] = [
  { id: "models", title: "Models", view: ModelsPage },
  { id: "try", title: "Try it", view: TryPage },
  { id: "live", title: "Live", view: LivePage },
  { id: "graph", title: "Graph", view: GraphPage },
];

export function App() {
  const place = usePlace();
  const { data: server, problem, refresh } = usePoll<ServerView>("/ui/api/server");
  const [needsToken, setNeedsToken] = useState(false);
  useEffect(() => onTokenNeeded(setNeedsToken), []);
  const page = pages.find(({ id }) => id === place.page) ?? (pages[0] as PageEntry);
  useTitle(page.title);
  const model = modelAt(server, place);
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        Skip to content
      </button>
      <header class="bar">
        <a class="mark" href={hrefOf("models")} aria-label="Ingot, models">
          <img src="/ui/icon.svg" alt="" width="22" height="22" />
          <span>Ingot</span>
        </a>
        <nav aria-label="Pages">
          {pages.map(({ id, title }) => (
            <a key={id} href={hrefOf(id, place.model, place.version)} aria-current={id === page.id ? "page" : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <Health server={server} problem={problem} needsToken={needsToken} />
      </header>
      <main id="main" tabIndex={-1} class={`page ${page.id}`}>
        {needsToken ? (
          <TokenForm />
        ) : server ? (
          <page.view key={page.id} server={server} model={model} refresh={refresh} />
        ) : (
          <p class="quiet">{problem ?? "Asking the server…"}</p>
        )}
      </main>
    </>
  );
}

/** Past the navigation. */
function skip(): void {
  document.getElementById("main")?.focus();
}

function useTitle(title: string): void {
  const first = useRef(true);
  useEffect(() => {
    document.title = `${title} · Ingot`;
    // Whoever cannot see the page hears that it is another one.
    if (!first.current) document.getElementById("main")?.focus({ preventScroll: true });
    first.current = false;
  }, [title]);
}

function modelAt(server: ServerView | undefined, { model, version }: Place): ModelView | undefined {
  const named = server?.models.filter((m) => m.name === model);
  return named?.find((m) => m.version === version) ?? named?.[0] ?? server?.models[0];
}

function Health({
  server,
  problem,
  needsToken,
}: {
  readonly server: ServerView | undefined;
  readonly problem: string | undefined;
  readonly needsToken: boolean;
}) {
  const healthy = server?.models.every((m) => m.isHealthy);
  const [kind, text] = needsToken
    ? ["warn", "Token needed"]
    : problem !== undefined
      ? ["bad", "Not reachable"]
      : healthy === false
        ? ["bad", "Unhealthy"]
        : server
          ? ["good", "Healthy"]
          : ["idle", "…"];
  return (
    <p class="health" role="status">
      <span class={`dot ${kind}`} aria-hidden="true" />
      <span>{text}</span>
    </p>
  );
}
