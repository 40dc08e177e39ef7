// Whether two graphs are one, whatever the order of their nodes: walks both from their outputs upwards.
import { Graph, type Node, type Value } from "../../src/ir/graph.ts";
import { sameAttribute } from "../../src/ir/infer-node.ts";
import { assignNames, type GraphNames } from "../../src/ir/names.ts";
import type { AttributeValue } from "../../src/ir/schema.ts";
import { formatType } from "../../src/ir/type.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { describeNode, sameStorage } from "../../src/trace/align.ts";

/**
 * The first difference, or undefined: operators, attributes, constants, types with their sizes, and the names of inputs, outputs, weights
 * and nodes are the same. Numbers behind a name that is taken (`Conv_1`) follow the order and do not count.
 */
export function graphDifference(a: Graph, b: Graph): string | undefined {
  return new Comparison(assignNames(a), assignNames(b)).graphs(a, b);
}

const withoutNumber = (name: string) => name.replace(/_\d+$/, "");

class Comparison {
  readonly #a: GraphNames;
  readonly #b: GraphNames;
  /** Values of the first graph → of the second, and back: no two may stand for one. */
  readonly #there = new Map<Value, Value>();
  readonly #back = new Map<Value, Value>();
  readonly #waiting: (readonly [Value | undefined, Value | undefined, string])[] = [];
  readonly #seen = new Set<Node>();

  constructor(a: GraphNames, b: GraphNames) {
    this.#a = a;
    this.#b = b;
  }

  graphs(a: Graph, b: Graph): string | undefined {
    if (a.nodeCount !== b.nodeCount) return `${a.nodeCount} nodes and ${b.nodeCount}`;
    if (a.inputs.length !== b.inputs.length) return `${a.inputs.length} inputs and ${b.inputs.length}`;
    if (a.outputNames.join() !== b.outputNames.join()) return `outputs ${a.outputNames.join()} and ${b.outputNames.join()}`;
    for (const [i, v] of a.inputs.entries()) this.#waiting.push([v, b.inputs[i], `input ${i}`]);
    for (const [i, v] of a.outputs.entries()) this.#waiting.push([v, b.outputs[i], `output ${a.outputNames[i]}`]);
    for (let pair = this.#waiting.pop(); pair; pair = this.#waiting.pop()) {
      const problem = this.#values(...pair);
      if (problem !== undefined) return problem;
    }
    const idle = [...a.nodes()].find((node) => !this.#seen.has(node));
    return idle && `no output needs ${describeNode(idle)}`;
  }

  #values(a: Value | undefined, b: Value | undefined, where: string): string | undefined {
    if (a === undefined || b === undefined) return a === b ? undefined : `${where} is left out in one`;
    if (this.#there.has(a) || this.#back.has(b)) return this.#there.get(a) === b ? undefined : `${where} reads another value`;
    this.#there.set(a, b);
    this.#back.set(b, a);
    const [typeA, typeB] = [formatType(a.type), formatType(b.type)];
    if (typeA !== typeB) return `${where} is ${typeA} and ${typeB}`;
    if (a.isInput !== b.isInput) return `${where} is an input of one graph only`;
    if ((a.isInput || a.storage) && withoutNumber(this.#a.of(a)) !== withoutNumber(this.#b.of(b)))
      return `${where} is called ${this.#a.of(a)} and ${this.#b.of(b)}`;
    if (a.storage && b.storage) return sameStorage(a.storage, b.storage) ? undefined : `${where} has other elements (${this.#a.of(a)})`;
    if (!a.producer || !b.producer)
      return a.producer === b.producer && !a.storage === !b.storage ? undefined : `${where} is made in one only`;
    if (a.producer.outputs.indexOf(a) !== b.producer.outputs.indexOf(b)) return `${where} is another output of its node`;
    return this.#producers(a.producer, b.producer);
  }

  #producers(a: Node, b: Node): string | undefined {
    if (this.#seen.has(a)) return undefined;
    this.#seen.add(a);
    const here = describeNode(a);
    if (a.op !== b.op) return `${here} and ${describeNode(b)}`;
    if (a.inputs.length !== b.inputs.length || a.outputs.length !== b.outputs.length) return `${here} has other inputs or outputs`;
    const [nameA, nameB] = [this.#a.ofNode(a), this.#b.ofNode(b)].map(withoutNumber);
    if (nameA !== nameB) return `${here} is called ${nameA} and ${nameB}`;
    a.outputs.forEach((v, i) => this.#waiting.push([v, b.outputs[i], `output ${i} of ${here}`]));
    a.inputs.forEach((v, i) => this.#waiting.push([v, b.inputs[i], `input ${i} of ${here}`]));
    for (const name of new Set([...Object.keys(a.attributes), ...Object.keys(b.attributes)])) {
      const problem = this.#attributes(a.attributes[name], b.attributes[name]);
      if (problem !== undefined) return `${here}, ${name}: ${problem}`;
    }
    return undefined;
  }

  #attributes(a: AttributeValue | undefined, b: AttributeValue | undefined): string | undefined {
    if (a instanceof Graph && b instanceof Graph) {
      const outer = this.#waiting.splice(0);
      const problem = this.graphs(a, b);
      this.#waiting.push(...outer);
      return problem;
    }
    const same = a instanceof Storage && b instanceof Storage ? sameStorage(a, b) : sameAttribute(a, b);
    return same ? undefined : `${JSON.stringify(a)} and ${JSON.stringify(b)}`;
  }
}
