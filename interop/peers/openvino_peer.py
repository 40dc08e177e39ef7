"""openvino: reads, compiles and runs each file on the CPU, in float32 (it would take bfloat16 where the machine has that)."""

import sys

import files
import openvino

core = openvino.Core()


def judge(case, inputs, expected):
    compiled = core.compile_model(case["path"], "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    results = compiled(inputs)
    files.compare(case["name"], [results[port] for port in compiled.outputs], expected)


files.answer(version=openvino.__version__)
files.each(sys.argv[1], judge)
