// A place to drop a file on, or to choose one; a picture is shown.
import { useEffect, useState } from "preact/hooks";
import { bytes } from "./format.ts";

interface Props {
  readonly file: File | undefined;
  readonly choose: (file: File | undefined) => void;
  /** Bytes that the server takes. */
  readonly most: number;
}

export function FileDrop({ file, choose, most }: Props) {
  const [over, setOver] = useState(false);
  const preview = usePreview(file);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const dropped = event.dataTransfer?.files[0];
    if (dropped) choose(dropped);
  };
  const drag = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };
  return (
    <label class={`drop${over ? " over" : ""}`} onDragOver={drag} onDragLeave={() => setOver(false)} onDrop={drop}>
      <input type="file" class="hidden" onChange={(e) => choose(e.currentTarget.files?.[0])} />
      {preview ? <img src={preview} alt="The chosen file" /> : null}
      {file ? (
        <span>
          <strong>{file.name}</strong> <span class="quiet">{bytes(file.size)}</span>
          {file.size > most ? <span class="warn-text"> is more than the {bytes(most)} that the server takes</span> : null}
        </span>
      ) : (
        <span>
          <strong>Choose a file</strong> <span class="quiet">or drop one here: a picture, JSON, text, any bytes</span>
        </span>
      )}
    </label>
  );
}

/** An address of the picture, while it is shown. */
function usePreview(file: File | undefined): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!file?.type.startsWith("image/")) return setUrl(undefined);
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url;
}
