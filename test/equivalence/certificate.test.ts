// Certificates: they survive the file, recognise outputs, and damaged ones are refused by name.
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Certificate,
  certificateVersion,
  checkEvidence,
  evidenceOf,
  type OutputEvidence,
  parseCertificate,
} from "../../src/equivalence/certificate.ts";
import { hashStorage, makeInput, recipeLike } from "../../src/equivalence/check-inputs.ts";
import { Generator } from "../../src/tensor/random.ts";
import { Storage } from "../../src/tensor/storage.ts";

const f32 = (values: readonly number[], shape: readonly number[] = [values.length]) => Storage.from("float32", values, shape);

function certificate(): Certificate {
  const example = f32([0.5, -1, 2, 0], [2, 2]);
  const recipe = recipeLike("x", example, [2, 2], 7);
  return {
    version: certificateVersion,
    model: "m",
    mode: "eval",
    limits: [1e-6],
    limitsRaised: false,
    failedCheckIgnored: false,
    topk: 5,
    cases: [
      {
        label: "random",
        inputs: [{ ...recipe, sha256: hashStorage(makeInput(recipe)) }],
        outputs: [evidenceOf("y", example, 5)],
      },
    ],
    rows: [{ graph: "portable", engine: "interpreter", case: "random", bitwise: true, outputs: [{ maxAbsolute: 0, maxRelative: 0 }] }],
    versions: {},
  };
}

const nestedRecipe = (depth: number): object => ({ name: "x", kind: "sequence", items: depth === 0 ? [] : [nestedRecipe(depth - 1)] });

describe("a certificate", () => {
  it("is read back as it was written", () => {
    const written = certificate();
    assert.deepEqual(parseCertificate(JSON.stringify(written), "m.onnx"), written);
  });

  it("makes its inputs again, bit for bit", () => {
    const read = parseCertificate(JSON.stringify(certificate()), "m.onnx");
    for (const { sha256, ...recipe } of read.cases[0]?.inputs ?? []) {
      assert.ok(!("items" in recipe));
      assert.equal(hashStorage(makeInput(recipe)), sha256);
    }
  });

  const damages: readonly (readonly [string, (c: Record<string, never>) => unknown, RegExp])[] = [
    ["a text that is cut off", (c) => JSON.stringify(c).slice(0, -20), /not JSON/],
    ["a list", () => "[]", /not a record/],
    ["null", () => "null", /not a record/],
    ["a later version", (c) => ({ ...c, version: certificateVersion + 1 }), /version/],
    ["no cases", (c) => ({ ...c, cases: undefined }), /fields are missing/],
    ["a case that is null", (c) => ({ ...c, cases: [null] }), /a case is damaged/],
    ["an input of 2^40 elements", (c) => withInput(c, { shape: [2 ** 20, 2 ** 20] }), /a case is damaged/],
    ["a negative size", (c) => withInput(c, { shape: [-1] }), /a case is damaged/],
    ["an unknown dtype", (c) => withInput(c, { dtype: "float128" }), /a case is damaged/],
    ["a fractional seed", (c) => withInput(c, { seed: 0.5 }), /a case is damaged/],
    ["an empty range", (c) => withInput(c, { kind: "integers", dtype: "int64", range: ["3", "2"] }), /a case is damaged/],
    ["a range of words", (c) => withInput(c, { kind: "integers", dtype: "int64", range: ["a", "b"] }), /a case is damaged/],
    [
      "a bound of 10^30",
      (c) => withInput(c, { kind: "integers", dtype: "int64", range: ["0", `1${"0".repeat(30)}`] }),
      /a case is damaged/,
    ],
    ["a container of another kind", (c) => withInput(c, { kind: "set", items: [] }), /a case is damaged/],
    ["a container of numbers", (c) => withInput(c, { kind: "sequence", items: [1] }), /a case is damaged/],
    ["a container that is nested too deep", (c) => withInput(c, nestedRecipe(20)), /a case is damaged/],
    ["top indices beyond the row", (c) => withOutput(c, { topk: { k: 1, indices: [[9]], scores: [[1]] } }), /a case is damaged/],
    ["samples that are records", (c) => withOutput(c, { samples: [{}] }), /a case is damaged/],
    ["limits that are text", (c) => ({ ...c, limits: ["x"] }), /a limit is damaged/],
    ["a row without outputs", (c) => ({ ...c, rows: [{}] }), /a row is damaged/],
  ];
  for (const [what, damage, message] of damages)
    it(`is refused with ${what}`, () => {
      const damaged = damage(JSON.parse(JSON.stringify(certificate())));
      const text = typeof damaged === "string" ? damaged : JSON.stringify(damaged);
      assert.throws(() => parseCertificate(text, "m.onnx"), { code: "InvalidCertificate", message });
    });

  it("is refused by name, whatever JSON it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.throws(() => parseCertificate(JSON.stringify(value), "m.onnx"), { code: "InvalidCertificate" });
      }),
    );
  });
});

describe("the evidence of an output", () => {
  const scores = Storage.of("float32", new Generator(5).fillNormal(new Float32Array(200)), [2, 100]);
  const evidence = evidenceOf("y", scores, 5);
  const changed = (change: (values: Float32Array) => void) => {
    const values = Float32Array.from(scores.numbers());
    change(values);
    return Storage.of("float32", values, scores.shape);
  };

  it("recognises the output itself, and one within the limit", () => {
    assert.equal(checkEvidence(evidence, scores, 0), undefined);
    assert.equal(
      checkEvidence(
        evidence,
        changed((v) => v.forEach((x, i) => (v[i] = x * (1 + 1e-7)))),
        1e-6,
      ),
      undefined,
    );
  });

  it("travels through JSON with its NaN, infinities and negative zeros", () => {
    const odd = f32([Number.NaN, Number.POSITIVE_INFINITY, -0, 1]);
    const read = JSON.parse(JSON.stringify(evidenceOf("y", odd, 0))) as OutputEvidence;
    assert.equal(checkEvidence(read, odd, 0), undefined);
    assert.notEqual(checkEvidence(read, f32([1, Number.POSITIVE_INFINITY, -0, 1]), 1), undefined);
  });

  it("holds 64 samples at even distances", () => {
    assert.equal(evidence.samples.length, 64);
    assert.match(
      checkEvidence(
        evidence,
        changed((v) => (v[0] = 9)),
        1e-6,
      ) ?? "",
      /sample 0 is 9/,
    );
  });

  it("notices a changed element that is no sample, by the top-k or the statistics", () => {
    const [top] = evidence.topk?.indices[0] ?? [];
    assert.ok(top !== undefined);
    assert.notEqual(
      checkEvidence(
        evidence,
        changed((v) => (v[top] = -9)),
        1e-6,
      ),
      undefined,
    );
  });

  it("notices another dtype or shape", () => {
    assert.match(checkEvidence(evidence, f32([1]), 1) ?? "", /certificate has float32\[2, 100\]/);
  });

  it("wants integers exactly", () => {
    const labels = Storage.from("int64", [3, 1, 2], [3]);
    assert.equal(checkEvidence(evidenceOf("i", labels, 0), labels, 0), undefined);
    assert.match(checkEvidence(evidenceOf("i", labels, 0), Storage.from("int64", [3, 1, 4], [3]), 1) ?? "", /sample 2 is 4/);
  });
});

function withInput(c: Record<string, never>, change: object): unknown {
  const [first] = (c as unknown as Certificate).cases;
  return { ...c, cases: [{ ...first, inputs: [{ ...first?.inputs[0], ...change }] }] };
}

function withOutput(c: Record<string, never>, change: object): unknown {
  const [first] = (c as unknown as Certificate).cases;
  return { ...c, cases: [{ ...first, outputs: [{ ...first?.outputs[0], ...change }] }] };
}
