"""onnxruntime from Python: loads and runs each file as its users do."""

import sys

import files
import onnxruntime


def judge(case, inputs, expected):
    session = onnxruntime.InferenceSession(case["path"], providers=["CPUExecutionProvider"])
    files.compare(case["name"], session.run(None, inputs), expected)


files.answer(version=onnxruntime.__version__)
files.each(sys.argv[1], judge)
