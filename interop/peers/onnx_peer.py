"""onnx: is the file valid, do its types agree with inferred ones, and what does the reference evaluator make of it?"""

import sys

import files
import onnx
from onnx.reference import ReferenceEvaluator


def shapes(values):
    return {v.name: [d.dim_value or d.dim_param for d in v.type.tensor_type.shape.dim] for v in values}


def judge(case, inputs, expected):
    onnx.checker.check_model(case["path"], full_check=True)
    model = onnx.load(case["path"])
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    ours, theirs = shapes(model.graph.output), shapes(inferred.graph.output)
    for name, shape in ours.items():
        for a, b in zip(shape, theirs[name], strict=True):
            if isinstance(a, int) and isinstance(b, int) and a != b:
                raise ValueError(f"output {name}: the file says {shape}, inference {theirs[name]}")
    if case["small"]:
        files.compare(case["name"], ReferenceEvaluator(model).run(None, inputs), expected)
    else:
        files.answer(model=case["name"], note="checked, not computed")


files.answer(version=onnx.__version__)
files.each(sys.argv[1], judge)
