"""What the peers share: safetensors files by hand (so that no peer needs a package for them), and answers as lines of JSON."""

import json
import struct

import numpy as np

DTYPES = {"F32": "<f4", "F64": "<f8", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "u1", "BOOL": "?"}
NAMES = {np.dtype(code): name for name, code in DTYPES.items()}


def read(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(data[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"]).copy()
    return tensors


def write(path, tensors):
    header, at = {}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for array in tensors.values():
            file.write(np.ascontiguousarray(array).tobytes())


def answer(**fields):
    print("ANSWER " + json.dumps(fields), flush=True)


def difference(actual, expected):
    """The largest error over the largest value, as Ingot's equivalence check takes it."""
    if actual.shape != expected.shape:
        raise ValueError(f"shape {actual.shape}, expected {expected.shape}")
    largest = np.abs(expected).max() if expected.size else 0
    error = np.abs(actual.astype(np.float64) - expected).max() if expected.size else 0
    return float(error / largest) if largest > 0 else float(error)


def same_top5(actual, expected):
    k = min(5, expected.shape[-1])
    top = lambda scores: np.argsort(-scores, axis=-1, kind="stable")[..., :k]
    return bool((top(actual) == top(expected)).all())


def compare(model, outputs, expected):
    """Answers for the outputs of one model, in order."""
    pairs = [(np.asarray(a), expected[name]) for a, name in zip(outputs, sorted(expected), strict=True)]
    answer(model=model, error=max(difference(a, e) for a, e in pairs), top5=same_top5(*pairs[0]))


def each(manifest, judge):
    """Calls judge(case, inputs, expected) for every saved model; an exception is an answer too."""
    for case in json.load(open(manifest)):
        tensors = read(case["tensors"])
        inputs = {name[3:]: value for name, value in tensors.items() if name.startswith("in.")}
        expected = {name: value for name, value in tensors.items() if name.startswith("out.")}
        try:
            judge(case, inputs, expected)
        except Exception as error:
            answer(model=case["name"], problem=f"{type(error).__name__}: {error}"[:2000])
