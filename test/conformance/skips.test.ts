// The list of what is left out of ONNX's backend tests: reasons are given, and nothing that exists is skipped.
import assert from "node:assert/strict";
import { conformanceSkips, skipReason } from "../../src/conformance/skips.ts";
import { registry } from "../../src/ops/registry.ts";

describe("the list of skipped conformance cases", () => {
  it("names operators that are not there, each with a reason", () => {
    for (const skip of conformanceSkips) {
      assert.ok(skip.reason.length > 20);
      if ("operator" in skip) assert.equal(registry.get(skip.operator), undefined);
    }
  });

  it("skips by operator or by name, and nothing else", () => {
    assert.match(skipReason("test_adam", ["ai.onnx.preview.training.Adam"]) ?? "", /trains/);
    assert.match(skipReason("test_image_decoder_decode_jpeg2k_rgb", ["ImageDecoder"]) ?? "", /JPEG 2000/);
    assert.equal(skipReason("test_image_decoder_decode_png_rgb", ["ImageDecoder"]), undefined);
  });
});
