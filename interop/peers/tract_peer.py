"""tract: loads each file, infers its types, optimises it and runs it with its own kernels."""

import sys

import files
import tract


def judge(case, inputs, expected):
    if "tract" in case["skip"]:
        return files.answer(model=case["name"], skipped=case["skip"]["tract"])
    # Sizes that the file leaves open stay symbols, in what it says of every value; they get their numbers from the inputs.
    model = tract.onnx().load(case["path"])
    ordered = [inputs[model.input_name(i)] for i in range(model.input_count())]
    try:
        outputs = model.into_model().into_runnable().run(ordered)
    except tract.TractError as error:
        raise ValueError(str(error).split("Stack backtrace")[0]) from None
    files.compare(case["name"], [output.to_numpy() for output in outputs], expected)


files.answer(version=tract.version())
files.each(sys.argv[1], judge)
