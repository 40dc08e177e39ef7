// Errors of script(): what the compiler of source cannot represent faithfully, and what would silently differ from eager. What it finds
// about tensors in boolean position, under operators and under === has its rows in source.ts, because the lint of trace() finds it too.
import { errorFamily } from "../entry.ts";

export const scriptErrors = errorFamily({
  ScopeMissing: {
    kind: "ScriptError",
    message: "{fn} uses {names}, which the given scope lacks",
    hint: "Add what is missing: script(fn, { scope: { SCALE, relu } }). Where Node's permissions forbid to look, --allow-inspector makes that needless.",
    about:
      "Where functions cannot be inspected (browsers, Bun, Deno, Node's permission model), the values that a function captures are taken from `scope`. Imports, constants and functions of the module that the model uses all belong there.",
  },
  UndefinedName: {
    kind: "ScriptError",
    message: "`{name}` is not defined here",
    hint: "Import or declare it before the model is compiled; in JavaScript this line throws a ReferenceError.",
    about:
      "The model reads a name that no scope around it declares, or reads it before the line that declares it. An eager run would throw at the same place.",
  },
  UnsupportedSyntax: {
    kind: "ScriptError",
    message: "{what} is not supported in script()",
    hint: "{instead}",
    about:
      "`script()` compiles functions, classes, closures, destructuring, `if`, `?:`, `switch`, `for`, `while`, `do`, `break`, `continue`, `return` and `throw`. It refuses what a graph has no counterpart for: `try`, labels, `for…in`, `delete`, `with`, `arguments`, tagged templates. Code that does not depend on tensors can be moved into the constructor, which runs before the model is compiled and may use all of the language.",
  },
  AsyncFunction: {
    kind: "ScriptError",
    message: "{fn} is asynchronous or a generator",
    hint: "Make it a plain function: await data before the model runs and pass it as an input; collect what a generator yields in an array.",
    about:
      "A model's `forward` and what it calls compute one result in one go. Waiting belongs outside of the model: the compiled module's `run()` is asynchronous already.",
  },
  VarDeclaration: {
    kind: "ScriptError",
    message: "`var {name}` is not supported in script()",
    hint: "Write `let {name}` (or `const`). A variable that is read outside of its block is declared before it.",
    about:
      "A `var` belongs to the whole function and all turns of a loop share it, which is rarely what is meant. `let` and `const` say which it is.",
  },
  Truthiness: {
    kind: "ScriptError",
    message: "`{what}` is {type} and is used as a condition",
    hint: "Compare it: `{what} !== 0`.",
    about:
      "A condition of the graph is a boolean, or a whole number that counts as true unless it is 0. A floating-point number is neither: NaN is false in JavaScript and true in a graph, so the comparison has to be written.",
  },
  TensorIndex: {
    kind: "ScriptError",
    message: "the tensor `{what}` is indexed with square brackets",
    hint: "Write {instead}.",
    about:
      "JavaScript has no indexing of objects by number other than properties: `x[0]` of a tensor is `undefined`. `x.select(dim, index)` takes one slice, `x.slice(dim, start, end)` a range, `x.indexSelect(dim, indices)` several, and `x.unbind(dim)` gives them all as an array.",
  },
  IterateTensor: {
    kind: "ScriptError",
    message: "the tensor `{what}` is iterated over",
    hint: "For the slices along the first dimension write `{what}.unbind(0)`; along a dimension whose size is not known, count: for (let i = 0; i < {what}.shape[0]; i++) … {what}.select(0, i).",
    about:
      "Tensors are not iterable. `unbind` gives an array of slices where the size is known when the model is compiled; a loop with a counter also works where it is not, and becomes a `Loop` of the graph.",
  },
  DestructureTensor: {
    kind: "ScriptError",
    message: "the tensor `{what}` is destructured as an array",
    hint: "Take it apart first: const [a, b] = {what}.unbind(0), or {what}.chunk(2, dim), or {what}.split(size, dim).",
    about:
      "A tensor is not an array of its slices. `unbind`, `chunk` and `split` return arrays of tensors, which can be destructured and spread.",
  },
  OperatorType: {
    kind: "ScriptError",
    message: "`{op}` between {a} and {b}",
    hint: "Bring both sides to the same kind first: a number read from a tensor with .item() goes with numbers, a boolean with booleans.",
    about:
      "JavaScript converts the operands of an operator silently (`true + 1` is 2, `null < 1` is true). In a graph that depends on tensors each operand has one type, and mixing them is more often a mistake than meant.",
  },
  UnsupportedOperator: {
    kind: "ScriptError",
    message: "the operator `{op}` cannot be applied to {type}",
    hint: "Compute it with numbers and tensors (Math.floor, %, comparisons, tensor methods), or outside of the model.",
    about:
      "The operator is executed when its operands are known as the model is compiled. On a value that depends on a tensor it would have to become part of the graph, and the graph has no operation with its meaning.",
  },
  LogicalValue: {
    kind: "ScriptError",
    message: "`{op}` is applied to {type}, and its result would be one of the two values",
    hint: "Compare first (n !== 0 && …), or write the choice out: n !== 0 ? n : 3.",
    about:
      "`a && b` and `a || b` give one of their operands in JavaScript. On booleans that is logic; on numbers it is a choice whose condition is the truth of a number, which is easily meant otherwise (0 and NaN count as false).",
  },
  SymbolicString: {
    kind: "ScriptError",
    message: "{what} would be written into a string",
    hint: "Leave it out of the text, or take it from a number that is known when the model is compiled (a field, the length of an array).",
    about:
      "A graph computes with tensors and has no text. A value that depends on an input has no digits yet when the model is compiled, so the string would be wrong for every run.",
  },
  SymbolicSwitch: {
    kind: "ScriptError",
    message: "`switch` on {type}, which is known only when the graph runs",
    hint: "Write if (k === 0) … else if (k === 1) … else …, which becomes nested If nodes.",
    about:
      "A `switch` on a value that is known when the model is compiled (a field, a string) is executed, with its fall-through. On a value that depends on a tensor, use `if` and `else`.",
  },
  SymbolicIndex: {
    kind: "ScriptError",
    message: "`{list}` holds {type} and is indexed by a value that is known only when the graph runs",
    hint: "Write an if for each choice: for (let i = 0; i < {list}.length; i++) if (k === i) y = {list}[i].forward(x). Arrays of tensors of one type can be indexed.",
    about:
      "Modules, functions and records exist only while the model is compiled; a graph cannot choose between them by number. The loop in the hint is unrolled: one `If` for each element, and only the chosen one computes.",
  },
  SymbolicIndexWrite: {
    kind: "ScriptError",
    message: "`{list}` is assigned to at an index that is known only when the graph runs",
    hint: "Build a new array in order, or keep the values in one tensor: stack({list}), then t.indexPut([i], value) or where(mask, a, t).",
    about:
      "Which element changes would be known only at run time, so that after the assignment every element could be the old or the new one. A tensor holds such a table better.",
  },
  SymbolicList: {
    kind: "ScriptError",
    message: "{op} on `{list}`, an array whose length is known only when the graph runs",
    hint: "Such an array can be grown (push, [...{list}, x], concat), asked for its length, indexed, iterated, and made a tensor with stack or cat. For the rest, work on stack({list}).",
    about:
      "An array that grows in a loop or in one branch of an `if` becomes a sequence of the graph. `pop`, `splice`, `map` and destructuring have no counterpart there, nor has the spread of two such arrays into one.",
  },
  PastListEnd: {
    kind: "ScriptError",
    message: "a list of {length} is read at position {index}, where JavaScript has undefined and a graph has nothing",
    hint: "Ask for the length before: i < list.length ? list[i] : otherwise.",
    about:
      "A list whose length is known only when the graph runs was read past its end on one of the inputs that script() tries, and eager went on with `undefined`. A graph has no such value: all elements have one type. Reading such a list past its end in a later run is an error of that run.",
  },
  ListJoin: {
    kind: "ScriptError",
    message: "the array `{name}` holds {a} on one path and {b} on the other",
    hint: "Give both paths elements of the same kind and dtype, or use two arrays.",
    about:
      "Where two paths meet, an array of different lengths becomes one sequence of the graph, and all elements of a sequence have one type.",
  },
  TypeJoin: {
    kind: "ScriptError",
    message: "`{name}` is {a} on one path and {b} on the other (the paths meet at {where})",
    hint: "Give it the same kind of value on both paths, or use it inside the branch where it is known. For a missing tensor or a first best score, start with zeros(…) and a boolean, or with -Infinity.",
    about:
      "After an `if` or a loop that depends on a tensor, every variable that is read has one type: a tensor of one dtype, a number, or a boolean. Strings, functions, modules and `null` exist only while the model is compiled, so a graph cannot choose between them. The error is raised where the value is read; a value that nobody reads is fine.",
  },
  MaybeUndefined: {
    kind: "ScriptError",
    message: "`{name}` has no value when {condition}",
    hint: "Give it a value where it is declared, or in an else.",
    about:
      "The variable is assigned on one path only (a branch, or a loop that may not turn even once) and read after it. In eager it would be `undefined` on the other path.",
  },
  LoopCarriedType: {
    kind: "ScriptError",
    message: "`{name}` is {a} before the loop and {b} after one turn",
    hint: "Keep its type the same in every turn: convert the start value (x.to(…), 0 as a tensor: zeros([])), or use another variable for the result.",
    about:
      "A variable that a loop of the graph carries from turn to turn has one type in all of them. Sizes may change (they become dynamic); the dtype and the kind of value may not.",
  },
  LoopCarriedRank: {
    kind: "ScriptError",
    message: "`{name}` has {a} before the loop and {b} after one turn",
    hint: "Keep the number of dimensions: select, squeeze or reshape to the shape that it started with, or collect the turns with push and stack after the loop.",
    about:
      "The sizes of a tensor that a loop carries may change from turn to turn, but not how many dimensions it has: operations inside of the loop are compiled once, for one rank.",
  },
  MissingReturn: {
    kind: "ScriptError",
    message: "{fn} returns a value on some paths only",
    hint: "Add a return at its end, or an else, so that every path returns a value of the same type.",
    about:
      "In JavaScript the other paths return `undefined`. In a graph the result has one type, so every path that can be taken must return it.",
  },
  MergedObjectMutation: {
    kind: "ScriptError",
    message: "{what} was merged from two paths and is changed afterwards",
    hint: "Make a new one from it: { ...state, h } or [...list, x].",
    about:
      "After an `if`, a record or array that was made in both branches stands for either of two objects. A change of it would have to reach the one that was taken, through every other name it has; a new object says what is meant.",
  },
  CapturedAssign: {
    kind: "ScriptError",
    message: "`{name}` lives outside of the model and is assigned to",
    hint: "Keep it in a local variable and return it, or make it a registered buffer of the module (registerBuffer).",
    about:
      "Eager code would change a variable of the module or of a closure at every call. A graph computes its outputs from its inputs, and the change would be lost.",
  },
  ConstAssign: {
    kind: "ScriptError",
    message: "`{name}` is a constant and is assigned to",
    hint: "Declare it with let. In JavaScript this line throws a TypeError.",
    about: "An assignment to a `const` or to an imported name throws when it is executed, in eager as well.",
  },
  MapMutation: {
    kind: "ScriptError",
    message: "{op} under a condition that is known only when the graph runs",
    hint: "Use a plain record or an array, whose properties can be merged, or decide outside of the branch.",
    about:
      "Maps and Sets exist while the model is compiled. After the branch, whether the entry is there would depend on a tensor, which a graph cannot say. Outside of such branches they may be used freely.",
  },
  NativeSymbolic: {
    kind: "ScriptError",
    message: "{fn} was given {type}, and it is native code, which the compiler cannot read",
    hint: "{instead}",
    about:
      "A number or boolean that depends on a tensor has no value while the model is compiled; in its place stands a symbol. Native code such as `Number.isInteger` or `Array.prototype.includes` would look at the symbol and answer wrongly, so it is refused unless its meaning is known (the functions of `Math`, `push`, `map`, `concat` and others of arrays). Write the comparison out, or use an operation on tensors.",
  },
  NondeterministicNative: {
    kind: "ScriptError",
    message: "{fn} would be called once, and its result frozen in the graph",
    hint: "Use rand(shape, { seed }) or randn(shape, { seed }) in the model, or pass the number as an input.",
    about:
      "Random numbers and the time differ at every call. A graph that holds the one of the day it was compiled would silently differ from eager.",
  },
  SideEffect: {
    kind: "ScriptError",
    message: "{fn} has a side effect that the graph cannot repeat",
    hint: "Remove it from the model, or do it after run() with what the model returns. console.log of values that do not depend on tensors is fine.",
    about:
      "The model is executed once, to compile it. What it prints, writes or sends would happen then and never again, and under a condition that is known only when the graph runs it might happen without being meant.",
  },
  UnrollLimit: {
    kind: "ScriptError",
    message: "the loop has made {count} turns while the model was compiled, and the limit is {limit}",
    hint: "Loop over tensors (a bound from x.shape[0] of a dynamic dimension, or from .item()), use an operation on the whole tensor, or raise unrollLimit.",
    about:
      "A loop whose bound is known when the model is compiled is unrolled: its body is put into the graph once for each turn. So many copies make a graph that is slow to optimise and to load; a loop that never ends would never finish compiling.",
  },
  RecursionLimit: {
    kind: "ScriptError",
    message: "{fn} calls itself more than {limit} levels deep",
    hint: "End the recursion on a number that is known when the model is compiled (a depth, the length of an array), or write a while loop.",
    about:
      "Calls are inlined, and a graph has no functions that call themselves. Where the condition that ends the recursion depends on a tensor, both ways are compiled, and the calls never end; a loop is the form that a graph has.",
  },
  StaticThrow: {
    kind: "ScriptError",
    message: "the model throws: {message}",
    hint: "It would throw in eager as well, for inputs of these shapes and types. Change the inputs' specification, or the check.",
    about:
      "The model came to a `throw` whose condition is known when it is compiled, such as a check of shapes. The message is the model's own. A `throw` under a condition that depends on a tensor becomes part of the graph and throws when it runs.",
  },
  AlwaysThrows: {
    kind: "ScriptError",
    message: "both paths throw, so the model never returns",
    hint: "Return a value on at least one path.",
    about: "Under a condition that depends on a tensor, both branches end in `throw`. There is no result that the graph could compute.",
  },
  PrivateWrite: {
    kind: "ScriptError",
    message: "the private field {name} is written to",
    hint: "Keep the value in a local variable; for state that must outlive the call, use a registered buffer (registerBuffer).",
    about:
      "A write to a private field is a change of the module that no later call of the graph would see. It could not be undone after compiling either, because private fields can be set by their class only.",
  },
  AmbiguousPrivate: {
    kind: "ScriptError",
    message: "two classes of this object have a private member {name}, and it cannot be told which one is meant",
    hint: "Give the members different names.",
    about:
      "Private members of a class and of its base class may bear the same name. The inspector shows both, and which one the line means cannot always be told from outside.",
  },
  NoPrivate: {
    kind: "ScriptError",
    message: "the object has no private member {name}",
    hint: "The method was called on an object of another class. In JavaScript this line throws a TypeError.",
    about: "Private members can be read on objects only that the class's constructor has made. An eager run would throw at the same place.",
  },
  SuperHome: {
    kind: "ScriptError",
    message: "the class that this method belongs to cannot be found, so `super` has no meaning here",
    hint: "Write the method in a class body, and leave it on the prototype. A method that was copied to another object calls its base by name: Base.prototype.forward.call(this, x).",
    about:
      "`super` is bound to the class in whose body the method is written. The compiler finds the class by looking for the method on the prototypes of the object; a method that was moved is not found there.",
  },
  ArrowThis: {
    kind: "ScriptError",
    message: "what `this` is in the arrow function {fn} cannot be told: {reason}",
    hint: "Make it a method, or take what it needs before: const { scale } = this; … (x) => x.mul(scale).",
    about:
      "An arrow function has the `this` of the function around it, which V8 does not show. The compiler looks for the object of the class that the arrow function was written in among the parts of the model: the one that holds it, in a field or in something that a field holds, is `this`. Where none or several do, it cannot tell.",
  },
  NotCallable: {
    kind: "ScriptError",
    message: "`{what}` is not a function",
    hint: "In JavaScript this line throws a TypeError. A layer is called by its method: this.layer.forward(x).",
    about: "The model calls something that is not a function, often a layer without `.forward`, or a method whose name is mistyped.",
  },
  OpError: {
    kind: "ScriptError",
    message: "{op}: {message}",
    hint: "The operation refuses these inputs, in eager as well. The message is its own; the place is the call in the model.",
    about:
      "While the model was compiled, an operation was given shapes, dtypes or arguments that it does not take. The cause of this error is the operation's own error, with its page.",
  },
  InputSpecNeeded: {
    kind: "ScriptError",
    message: "{model} was given no types for its inputs ({missing})",
    hint: 'Say what they are: script(model, { inputs: { x: "float32[batch=2, 3]", n: "int64[]" } }), or declare them in the class: static inputs = { x: "float32[batch=2, 3]" }; or give an example: script(model, { example: x }).',
    about:
      "Compiling from source needs the dtype and the rank of every input. A named size (`batch=2`) may have any value when the graph runs; the number is what it is checked with.",
  },
  ScriptStateMutation: {
    kind: "ScriptError",
    message: "the model writes to {target}, which is not a registered buffer of the model",
    hint: "Register it as a buffer (this.registerBuffer(name, tensor)) to make it a state output, or keep it in a local variable and return it. A layer that keeps statistics has to be a property of the model, or eval().",
    about:
      "A graph computes its outputs from its inputs. A write to an object that existed before the model was compiled (a field of the module, an array of the file) would happen in eager at every call and be lost in the graph; only registered buffers become state outputs, those of modules that are properties of the model or variables that it captures. What the objects held before was put back.",
  },
});
