// Runs the command line in this process, with what it prints caught, in a folder of its own.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Streams } from "../../src/cli/console.ts";

export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** A temporary folder, and `ingot` with paths in it: an argument that begins with `./`, alone or behind `name=`, stands there. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), "ingot-cli-"));

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Uint8Array): void {
    writeFileSync(this.path(name), content);
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  async ingot(...args: readonly string[]): Promise<Ended> {
    const caught = { out: "", err: "" };
    const streams: Streams = {
      out: (text) => {
        caught.out += text;
      },
      err: (text) => {
        caught.err += text;
      },
      terminal: false,
      colors: { out: false, err: false },
    };
    // Imported, not required as mocha does with this file: model files are imported, and there must be one copy of the library.
    const { runCommandLine } = await import("../../src/cli/program.ts");
    const status = await runCommandLine(
      args.map((arg) => arg.replace(/(^|=)\.\//, `$1${this.folder}/`)),
      streams,
    );
    return { status, out: caught.out.replaceAll(`${this.folder}/`, ""), err: caught.err.replaceAll(`${this.folder}/`, "") };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A small classifier with a convolution, a batch norm and an activation; 3 × 8 × 8 pictures, four classes. */
export const smallModel = `import { nn, type Tensor } from "ingot";

export class Small extends nn.Module {
  static inputs = "float32[batch=2, 3, 8, 8]";
  readonly conv = new nn.Conv2d(3, 8, 3);
  readonly bn = new nn.BatchNorm2d(8);
  readonly head = new nn.Linear(8, 4);

  forward(x: Tensor): Tensor {
    const features = this.bn.forward(this.conv.forward(x)).relu();
    return this.head.forward(features.mean([2, 3]));
  }
}

export const twice = (x: Tensor, y: Tensor): Tensor => x.add(y.mul(2));

export default nn.seeded(0, () => new Small());
`;
