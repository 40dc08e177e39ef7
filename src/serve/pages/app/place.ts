// Where in the pages one is: the part of the address after #, as in `#/graph/resnet18/1.0`.
import { useEffect, useState } from "preact/hooks";

export interface Place {
  readonly page: string;
  readonly model: string | undefined;
  readonly version: string | undefined;
}

export const hrefOf = (page: string, model?: string, version?: string): string =>
  `#/${[page, model, version]
    .filter((s) => s !== undefined)
    .map(encodeURIComponent)
    .join("/")}`;

export const goTo = (page: string, model: string, version: string): void => {
  location.hash = hrefOf(page, model, version);
};

function placeOf(hash: string): Place {
  const [page = "", model, version] = hash.replace(/^#\/?/, "").split("/").map(decode);
  return { page, model, version };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    const changed = () => setPlace(placeOf(location.hash));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return place;
}
