"""numpy and safetensors: read the weights that Ingot wrote, in one file, packed, and in shards by their index."""

import json
import os
import sys

import files
import numpy as np
import safetensors
from safetensors.numpy import load_file

folder, count = sys.argv[1], int(sys.argv[2])


def check(model, tensors):
    """Names say what each must be: `layer.<dtype>.<rank>.<elements>`, element i being 7·i modulo 100, or modulo 2 for booleans."""
    try:
        if len(tensors) != count:
            raise ValueError(f"{len(tensors)} tensors, expected {count}")
        for name, tensor in tensors.items():
            _, dtype, rank, size = name.split(".")
            expected = (np.arange(int(size)) * 7 % (2 if dtype == "bool" else 100)).astype(dtype)
            if tensor.dtype != expected.dtype or tensor.ndim != int(rank) or not np.array_equal(tensor.reshape(-1), expected):
                raise ValueError(f"{name}: {tensor.dtype}{tensor.shape} {tensor.reshape(-1)[:8]}")
        files.answer(model=model, note=f"{len(tensors)} tensors equal")
    except Exception as error:
        files.answer(model=model, problem=f"{type(error).__name__}: {error}")


def shards(index):
    """As Hugging Face's loaders do: each tensor from the file that the index names."""
    with open(os.path.join(folder, index)) as file:
        parsed = json.load(file)
    places = parsed["weight_map"]
    loaded = {name: load_file(os.path.join(folder, name)) for name in set(places.values())}
    tensors = {name: loaded[file][name] for name, file in places.items()}
    if parsed["metadata"]["total_size"] != sum(tensor.nbytes for tensor in tensors.values()):
        raise ValueError("total_size is not the size of all tensors")
    return tensors


files.answer(version=f"numpy {np.__version__}, safetensors {safetensors.__version__}")
for name in ("stored.npz", "packed.npz"):
    with np.load(os.path.join(folder, name), allow_pickle=False) as archive:
        check(name, {key: archive[key] for key in archive.files})
check("whole.safetensors", load_file(os.path.join(folder, "whole.safetensors")))
check("shards.safetensors.index.json", shards("shards.safetensors.index.json"))
