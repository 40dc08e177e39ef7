"""torch and torchvision: makes models with PyTorch's own initialisation and writes weights, inputs, outputs and an export of each."""

import contextlib
import inspect
import logging
import os
import sys
import warnings

import files
import numpy as np
import torch
import torchvision

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
folder, *names = sys.argv[1:]


def pictures(count, seed):
    """Structured images: waves and discs. Noise would get the same answer whatever it is."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[0:224, 0:224] / 224
    images = []
    for _ in range(count):
        channels = []
        for _ in range(3):
            fx, fy, phase, cx, cy, radius = random.uniform([1, 1, 0, 0.2, 0.2, 0.1], [12, 12, 6, 0.8, 0.8, 0.4])
            disc = ((x - cx) ** 2 + (y - cy) ** 2 < radius**2) * random.uniform(-2, 2)
            channels.append(np.sin(fx * 6.28 * x + fy * 6.28 * y + phase) + disc)
        images.append(channels)
    return torch.tensor(np.array(images), dtype=torch.float32)


def make(name):
    torch.manual_seed(0)
    factory = getattr(torchvision.models, name)
    model = factory(weights=None) if "weights" in inspect.signature(factory).parameters else factory(pretrained=False)
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    if norms:
        model.train()
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
        with torch.no_grad():
            model(pictures(8, 1))
    for parameter in model.parameters():
        if not parameter.any():
            # Heads that start at zero would give every class the same score.
            torch.nn.init.normal_(parameter, std=0.02)
    return model.eval()


def by_script(model, images, path):
    """The older exporter, over TorchScript; scaled_dot_product_attention needs opset 14."""
    old = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    torch.onnx.export(
        model, (images,), path, opset_version=17 if old else 13, input_names=["image"], output_names=["scores"],
        dynamic_axes={"image": {0: "batch"}, "scores": {0: "batch"}}, **old
    )


def by_dynamo(model, images, path):
    """The exporter of today, over torch.export."""
    batch = torch.export.Dim("batch", min=1, max=64)
    torch.onnx.export(
        model, (images,), path, dynamo=True, external_data=False, verbose=False, input_names=["image"], output_names=["scores"],
        dynamic_shapes=({0: batch},)
    )


WAYS = {
    "torch.onnx.export": by_script,
    "torch.jit.trace": lambda model, images, path: by_script(torch.jit.trace(model, images), images, path),
    "torch.jit.script": lambda model, images, path: by_script(torch.jit.script(model), images, path),
    "torch.export": by_dynamo,
}


@contextlib.contextmanager
def quietly():
    """Without what the exporter prints, from C++ too, when it gives up."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def export(model, images, name):
    """Every way that this torch has; what it cannot do is an answer with its own words."""
    files_of = {}
    for way, write in WAYS.items():
        path = os.path.join(folder, f"{name}.{way}.onnx")
        try:
            # With gradients on: without, attention takes a path that has no form in ONNX.
            with quietly():
                write(model, images, path)
            files_of[way] = path
        except Exception as error:
            reason = " ".join(str(error).split())[:200] or "no message"
            files.answer(model=f"{name}, {way}", skipped=f"this torch cannot export it so: {type(error).__name__}: {reason}")
    return files_of


files.answer(version=f"{torch.__version__}, torchvision {torchvision.__version__}")
for name in names:
    model = make(name)
    images = pictures(4, 2)
    with torch.no_grad():
        scores = model(images)
    state = {key: value.numpy() for key, value in model.state_dict().items()}
    files.write(os.path.join(folder, f"{name}.safetensors"), state)
    files.write(os.path.join(folder, f"{name}.io.safetensors"), {"in": images.numpy(), "out": scores.numpy()})
    exported = export(model, images, name)
    files.answer(model=name, exports=exported)
