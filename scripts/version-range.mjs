// npm's version ranges, as far as lock files have them: ^1.2, ~1.2.3, >=1 <2, 1.x, 1.2 - 2.3, a || b, exact versions. Source: the grammar in
// the documentation of the semver package, which scripts cannot import before anything is installed.

/**
 * Whether a version is in a range.
 * @param {string} version such as 1.2.3 or 1.0.0-beta.2
 * @param {string} range such as "^1.2.0 || >=3"
 */
export function satisfies(version, range) {
  if (/^(npm:|git|file:|https?:|workspace:)/.test(range)) return true; // no range of versions
  const [core, pre] = split(version);
  return range.split("||").some((part) => {
    const bounds = comparators(part.trim());
    // A pre-release satisfies a range only where the range names one of the same version.
    if (pre && !bounds.some(([, bound]) => bound.pre && compareCore(bound.core, core) === 0)) return false;
    return bounds.every(([operator, bound]) => tests[operator](compare({ core, pre }, bound)));
  });
}

const tests = { ">=": (c) => c >= 0, ">": (c) => c > 0, "<=": (c) => c <= 0, "<": (c) => c < 0, "=": (c) => c === 0 };

function split(text) {
  const [, numbers, pre] = /^[v=\s]*([^-+]*)(?:-([^+]*))?/.exec(text);
  return [numbers.split(".").map(Number), pre];
}

/** The conditions of one part of a range, all of which must hold: `[operator, version]`. */
function comparators(part) {
  const hyphen = /^(\S+)\s+-\s+(\S+)$/.exec(part);
  if (hyphen) return [...atLeast(hyphen[1]), ...atMost(hyphen[2])];
  return part
    .replace(/([<>=~^])\s+/g, "$1")
    .split(/\s+/)
    .flatMap((term) => {
      const [, operator, text] = /^(>=|<=|>|<|=|\^|~)?(.*)$/.exec(term);
      return terms[operator ?? ""](text);
    });
}

/** The numbers that a possibly partial version gives: `1.x` → [1]. */
const given = (text) => {
  const [numbers, pre] = split(text.replace(/\.?[xX*].*$/, ""));
  return { numbers: text === "" || /^[xX*]/.test(text) ? [] : numbers, pre };
};
const filled = ({ numbers, pre }) => ({ core: [0, 1, 2].map((i) => numbers[i] ?? 0), pre });
/** The first version behind all that share the numbers up to `index`. */
const next = (numbers, index) => ({
  core: [0, 1, 2].map((i) => (i < index ? numbers[i] : i === index ? (numbers[i] ?? 0) + 1 : 0)),
  pre: "0",
});

const atLeast = (text) => [[">=", filled(given(text))]];
function atMost(text) {
  const { numbers, pre } = given(text);
  if (numbers.length === 0) return [];
  return numbers.length === 3 ? [["<=", filled({ numbers, pre })]] : [["<", next(numbers, numbers.length - 1)]];
}
function upTo(text, index) {
  const { numbers } = given(text);
  return numbers.length === 0 ? [] : [...atLeast(text), ["<", next(numbers, Math.min(index(numbers), numbers.length - 1))]];
}

const terms = {
  ">=": atLeast,
  "<=": atMost,
  ">": (text) => {
    const { numbers, pre } = given(text);
    return numbers.length === 3 ? [[">", filled({ numbers, pre })]] : [[">=", { ...next(numbers, numbers.length - 1), pre: undefined }]];
  },
  "<": (text) => [["<", filled(given(text))]],
  // Up to the first number that is not zero may not change.
  "^": (text) =>
    upTo(text, (numbers) => {
      const first = numbers.findIndex((n) => n > 0);
      return first < 0 ? 2 : first;
    }),
  "~": (text) => upTo(text, () => 1),
  "=": (text) => terms[""](text),
  "": (text) => (given(text).numbers.length === 3 ? [["=", filled(given(text))]] : upTo(text, () => 2)),
};

function compareCore(a, b) {
  for (let i = 0; i < 3; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
  return 0;
}

/** Pre-releases come before their version; their parts compare as numbers where both are. */
function compare(a, b) {
  const core = compareCore(a.core, b.core);
  if (core !== 0 || a.pre === b.pre) return core;
  if (a.pre === undefined || b.pre === undefined) return a.pre === undefined ? 1 : -1;
  const [left, right] = [a.pre.split("."), b.pre.split(".")];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i], right[i]];
    if (x === y) continue;
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
    const [isX, isY] = [/^\d+$/.test(x), /^\d+$/.test(y)];
    if (isX && isY) return Number(x) < Number(y) ? -1 : 1;
    if (isX !== isY) return isX ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return 0;
}
