// Makes a program that shows a failure smaller, as long as it shows the same: statements go, expressions give way to their parts.
import { type AnyNode, parse } from "acorn";

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The smallest text that is found on which `fails` still holds. Tries at most `most` texts.
 *
 * @example
 * const small = await shrinkProgram(text, async (t) => (await scriptOutcome(t, folder)).kind === "diverge");
 */
export async function shrinkProgram(text: string, fails: (text: string) => Promise<boolean>, most = 400): Promise<string> {
  let best = text;
  let tried = 0;
  for (let changed = true; changed; ) {
    changed = false;
    // Large parts first: an edit that takes more away saves many later ones.
    const edits = editsOf(best).sort((a, b) => b.end - b.start - b.text.length - (a.end - a.start - a.text.length));
    for (const { start, end, text: replacement } of edits) {
      if (tried >= most) return best;
      const candidate = best.slice(0, start) + replacement + best.slice(end);
      if (candidate.length >= best.length || !parses(candidate)) continue;
      tried++;
      if (!(await fails(candidate).catch(() => false))) continue;
      best = candidate;
      changed = true;
      break;
    }
  }
  return best;
}

function parses(text: string): boolean {
  try {
    parseModule(text);
    return true;
  } catch {
    return false;
  }
}

const parseModule = (text: string) => parse(text, { ecmaVersion: "latest", sourceType: "module" });

/** Everything that could be left out, or be replaced by a part of itself. */
function editsOf(text: string): Edit[] {
  const edits: Edit[] = [];
  const walk = (node: AnyNode) => {
    for (const part of replacements(node))
      edits.push({ start: node.start, end: node.end, text: typeof part === "string" ? part : inner(text, part) });
    for (const child of childrenOf(node)) walk(child);
  };
  walk(parseModule(text));
  return edits;
}

/** A block stands for its statements. */
function inner(text: string, node: AnyNode): string {
  return node.type === "BlockStatement" ? text.slice(node.start + 1, node.end - 1) : text.slice(node.start, node.end);
}

const isStatement = (node: AnyNode) =>
  /Statement$|Declaration$/.test(node.type) && node.type !== "BlockStatement" && !node.type.startsWith("Export");

function replacements(node: AnyNode): readonly (AnyNode | string)[] {
  const parts: (AnyNode | string)[] = isStatement(node) ? [""] : [];
  const add = (...nodes: readonly (AnyNode | null | undefined)[]) => parts.push(...nodes.filter((n) => n !== null && n !== undefined));
  switch (node.type) {
    case "IfStatement":
      add(node.consequent, node.alternate);
      break;
    case "ForStatement":
    case "ForOfStatement":
    case "WhileStatement":
    case "DoWhileStatement":
      add(node.body);
      break;
    case "SwitchStatement":
      parts.push("");
      break;
    case "MethodDefinition":
    case "PropertyDefinition":
    case "SwitchCase":
      parts.push("");
      break;
    case "CallExpression":
      if (node.callee.type === "MemberExpression") add(node.callee.object);
      add(...node.arguments);
      break;
    case "ConditionalExpression":
      add(node.consequent, node.alternate);
      parts.push("");
      break;
    case "BinaryExpression":
    case "LogicalExpression":
      add(node.left as AnyNode, node.right);
      break;
    case "UnaryExpression":
      add(node.argument);
      break;
    case "AssignmentExpression":
      break;
    default:
      break;
  }
  return parts;
}

function childrenOf(node: AnyNode): AnyNode[] {
  const children: AnyNode[] = [];
  for (const value of Object.values(node) as unknown[])
    for (const item of Array.isArray(value) ? value : [value]) if (isNode(item)) children.push(item);
  return children;
}

const isNode = (value: unknown): value is AnyNode => typeof value === "object" && value !== null && "type" in value && "start" in value;
