"""Which element types the CPU kernels of the installed onnxruntime take, per operator and position, as JSON: for kernel-types.ts beside.

The first argument is a list of operators (domain, name). A kernel constrains the type variables of its schema; positions are what both sides
mean alike, because variables go by other names here and there.
"""

import json
import re
import sys

import onnx
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

NAMES = {"float": "float32", "double": "float64"}


def dtypes(constraint):
    """Those of tensors, or of the tensors in sequences where there are only those; `tensor(float)` is float32."""
    tensors = [text for text in constraint if text.startswith("tensor(")]
    inner = [re.sub(r"^(seq\()?tensor\((\w+)\)+$", r"\2", text) for text in tensors or constraint]
    return [NAMES.get(name, name) for name in inner]


def newest(items, version):
    last = max(map(version, items))
    return [item for item in items if version(item) == last]


def positions(schema):
    yield from ((f"i{i}", formal.typeStr) for i, formal in enumerate(schema.inputs))
    yield from ((f"o{i}", formal.typeStr) for i, formal in enumerate(schema.outputs))


def has_body(domain, name):
    try:
        schema = onnx.defs.get_schema(name, domain=domain)
    except onnx.defs.SchemaError:
        return False
    return schema.has_function or schema.has_context_dependent_function


def rows(kernels, schemas):
    kernels = newest(kernels, lambda kernel: kernel.version_range[1])
    schema = newest(schemas, lambda schema: schema.since_version)[0]
    taken = {}
    for kernel in kernels:
        for variable, constraint in kernel.type_constraints.items():
            taken.setdefault(variable, {}).update(dict.fromkeys(dtypes(constraint)))
    found = {}
    for position, variable in positions(schema):
        if variable in taken:
            found.setdefault(" ".join(taken[variable]), []).append(position)
    return {" ".join(at): types for types, at in found.items()}


kernels, schemas = {}, {}
for kernel in runtime.get_all_opkernel_def():
    if kernel.provider == "CPUExecutionProvider":
        kernels.setdefault((kernel.domain, kernel.op_name), []).append(kernel)
for schema in runtime.get_all_operator_schema():
    schemas.setdefault((schema.domain, schema.name), []).append(schema)
answer = {"version": onnxruntime.__version__, "kernels": {}, "inlined": []}
for domain, name in json.loads(sys.argv[1]):
    key = (domain, name)
    if key in kernels:
        answer["kernels"][f"{domain}.{name}" if domain else name] = rows(kernels[key], schemas[key])
    elif key in schemas and has_body(domain, name):
        answer["inlined"].append(f"{domain}.{name}" if domain else name)
print(json.dumps(answer))
