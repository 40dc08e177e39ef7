// The graph of a served model as the pages get it: types only, shared by the worker that writes it and the browser that shows it. Values are
// in one table, so that bodies of If and Loop can name those of the graphs around them.

export interface ValueView {
  readonly name: string;
  /** `float32[batch, 3, 224, 224]` */
  readonly type: string;
  /** A constant of the file: its elements where they are few, else an empty text. */
  readonly constant?: string;
}

export interface NodeView {
  readonly op: string;
  /** `layer1.0.conv1/Conv` */
  readonly name: string;
  /** Names of the modules around it, the outermost first. */
  readonly scope: readonly string[];
  /** `model.ts:12:8`, and where several lines were made into this node, all of them. */
  readonly sources: readonly string[];
  /** Places in the table of values; −1 for an input that is left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly attributes: readonly (readonly [name: string, value: string])[];
  /** The bodies of If, Loop and Scan, by attribute. */
  readonly bodies?: readonly (readonly [attribute: string, body: GraphView])[];
}

export interface GraphView {
  readonly name: string;
  /** In topological order. */
  readonly nodes: readonly NodeView[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export interface ServedGraph {
  readonly engine: string;
  readonly graph: GraphView;
  readonly values: readonly ValueView[];
  /** How often each operator occurs, bodies included, the most frequent first. */
  readonly operators: readonly (readonly [op: string, count: number])[];
  /** Elements and bytes of all constants. */
  readonly parameters: number;
  readonly bytes: number;
}
