# Judges what `ingot deploy` wrote by the schemas and parsers that its platforms publish. Each is shown to refuse: every file is read again with one
# thing wrong at a time.
import copy
import functools
import json
import re
import shutil
import string
import subprocess
import sys
import tempfile
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import onnx
import yaml
from dockerfile_parse import DockerfileParser
from google.protobuf import text_format
from jsonschema import Draft7Validator, FormatChecker
from tritonclient.grpc import model_config_pb2 as triton

from published_models import bare, walk


def answer(**fields):
    print("ANSWER " + json.dumps(fields), flush=True)


def expect(good, problem):
    if not good:
        raise ValueError(problem)


def changed(document, path, change):
    """A copy in which `change(holder, key)` was done at a path."""
    made = copy.deepcopy(document)
    holder = made
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return made


def misspell(holder, key):
    holder[key + "x"] = holder.pop(key)


def put(value):
    return lambda holder, key: holder.__setitem__(key, value)


def remove(holder, key):
    del holder[key]


WRONG_TYPE = {"str": 7, "int": "7", "bool": "true", "float": "7", "object": {"wrong": True}}
# What cannot be left out, of all kinds of documents.
REQUIRED = [("spec", "containers"), ("spec", "containers", 0, "name"), ("spec", "volumes", 0, "name"), ("spec", "predictor", "model", "modelFormat")]
REQUIRED += [("spec", "predictor", "model", "ports", 0, "containerPort"), ("spec", "predictor", "model", "env", 0, "name")]
AMOUNTS = [("spec", "containers", 0, "resources", "limits", "memory"), ("spec", "volumes", 0, "emptyDir", "sizeLimit")]


def has(document, path):
    for key in path:
        if not (key in document if isinstance(document, dict) else isinstance(document, list) and key < len(document)):
            return False
        document = document[key]
    return True


def kserve(case):
    folder = Path(case["folder"])
    for file in ("serving-runtime.yaml", "inference-service.yaml"):
        for document in yaml.safe_load_all((folder / file).read_text()):
            kind = document.get("kind")
            good = walk(document)
            expect(not good.problems, f"{kind}: {'; '.join(good.problems)}")
            yield f"{kind}", f"{len(good.keys)} fields, {len(good.leaves)} values"
            mutants = [("misspelt", path, misspell) for path in good.keys]
            mutants += [("of a wrong type", path, put(WRONG_TYPE[wanted])) for path, wanted in good.leaves]
            mutants += [("missing", path, remove) for path in REQUIRED if has(document, path)]
            mutants += [("no amount", path, put("4GB")) for path in AMOUNTS if has(document, path)]
            for what, path, change in mutants:
                expect(walk(changed(document, path, change)).problems, f"{kind}: {path} {what} is not refused")
            yield f"{kind}, spoilt", f"{len(mutants)} times refused"
    expected = case["expected"]
    service = yaml.safe_load((folder / "inference-service.yaml").read_text())
    model = service["spec"]["predictor"]["model"]
    environment = {entry["name"]: entry["value"] for entry in model["env"]}
    got = {"name": service["metadata"]["name"], "file": environment["MODEL_FILE"], "uri": model["storageUri"]}
    expect(got == expected, f"read back {got}, expected {expected}")
    yield "read back", json.dumps(got)


TRITON_TYPES = {"FLOAT": "FP32", "DOUBLE": "FP64", "FLOAT16": "FP16", "BFLOAT16": "BF16"}


def triton_expected(case, model):
    """The configuration that the ONNX file asks for."""
    config = triton.ModelConfig(name=case["name"], backend="onnxruntime", default_model_filename="model.onnx", max_batch_size=case["maxBatchSize"])
    for ours, theirs in ((config.input, model.graph.input), (config.output, model.graph.output)):
        for value in theirs:
            kind = onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type)
            port = ours.add(name=value.name, data_type=triton.DataType.Value("TYPE_" + TRITON_TYPES.get(kind, kind)))
            dims = [d.dim_value if d.HasField("dim_value") else -1 for d in value.type.tensor_type.shape.dim]
            port.dims.extend(dims[1 if config.max_batch_size else 0 :])
            if not port.dims:
                port.dims.append(1)
                port.reshape.SetInParent()
    config.instance_group.add(kind=triton.ModelInstanceGroup.KIND_CPU, count=case["workers"])
    if case["maxBatchSize"] > 1:
        config.dynamic_batching.SetInParent()
        config.dynamic_batching.max_queue_delay_microseconds = case["delayMicroseconds"]
    return config


def triton_config(case):
    folder = Path(case["folder"]) / case["name"]
    text = (folder / "config.pbtxt").read_text()
    expected = triton_expected(case, onnx.load(folder / case["version"] / "model.onnx"))
    read = lambda changed_text: text_format.Parse(changed_text, triton.ModelConfig())
    got = read(text)
    expect(got == expected, f"read back\n{got}\nexpected\n{expected}")
    yield "config.pbtxt", f"{len(got.input)} inputs, {len(got.output)} outputs, as the model has them"
    # Outside of strings and of the comment.
    places = [m for m in re.finditer(r'"(?:[^"\\]|\\.)*"|^#.*$|[A-Za-z_]\w*|-?\d+', text, re.MULTILINE) if m[0][0] not in '"#']
    refused = different = 0
    for m in places:
        mutant = lambda word: text[: m.start()] + word + text[m.end() :]
        try:
            read(mutant("x" if m[0][-1].isdigit() and not m[0][0].isalpha() else m[0] + "x"))
        except text_format.ParseError:
            refused += 1
        if re.fullmatch(r"-?\d+", m[0]):
            different += read(mutant(str(int(m[0]) + 1))) != expected
    numbers = sum(1 for m in places if re.fullmatch(r"-?\d+", m[0]))
    expect(refused == len(places), f"{len(places) - refused} of {len(places)} misspelt words are not refused")
    expect(different == numbers, f"{numbers - different} of {numbers} other numbers are not seen")
    yield "config.pbtxt, spoilt", f"{refused} times refused, {different} times seen to differ"


@functools.cache
def compose_validator():
    """The schema of the Compose Specification, with the meaning that docker-compose gives to its formats."""
    folder = bare("compose")
    for package in ("docker", "docker.utils"):
        bare(package)
    split_port = import_module("docker.utils.ports").split_port
    timeparse = import_module("compose.timeparse").timeparse
    formats = FormatChecker(formats=())
    formats.checks("ports", raises=ValueError)(lambda value: split_port(value) is not None)
    formats.checks("duration")(lambda value: not isinstance(value, str) or timeparse(value) is not None)
    schema = json.loads((folder / "config" / "compose_spec.json").read_text())
    # The specification got the project's name after the last docker-compose for Python.
    schema["properties"]["name"] = {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"}
    return Draft7Validator(schema, format_checker=formats)


def leaves(value, path=()):
    if isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*path, key))
    else:
        yield path


def keys(value, path=()):
    for key, item in value.items() if isinstance(value, dict) else []:
        yield (*path, key)
        yield from keys(item, (*path, key))


def compose(case):
    validator = compose_validator()
    document = yaml.safe_load((Path(case["folder"]) / "compose.yaml").read_text())
    errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    expect(not errors, "; ".join(errors))
    yield "compose.yaml", f"{len(list(leaves(document)))} values"
    # Services and volumes have any name.
    free = {("services", "ingot"), ("volumes", "state")}
    mutants = [("misspelt", path, misspell) for path in keys(document) if path not in free]
    mutants += [("of a wrong type", path, put({"wrong": True})) for path in leaves(document)]
    mutants += [("no port", ("services", "ingot", "ports", i), put("127.0.0.1:http:8080")) for i in range(2)]
    mutants += [("no time", ("services", "ingot", "stop_grace_period"), put("soon"))]
    mutants += [("no time", ("services", "ingot", "healthcheck", key), put("10 parsecs")) for key in ("interval", "timeout", "start_period")]
    for what, path, change in mutants:
        expect(not validator.is_valid(changed(document, path, change)), f"{path} {what} is not refused")
    yield "compose.yaml, spoilt", f"{len(mutants)} times refused"
    # Compose puts variables into every value: none may be left, and `$$` is a dollar.
    plain = lambda text: string.Template(text).substitute({})
    service = document["services"]["ingot"]
    words = [plain(word) for word in service["command"]]
    for path in leaves(service):
        value = service
        for key in path:
            value = value[key]
        plain(value) if isinstance(value, str) else None
    got = {"project": document["name"], "models": words[words.index("--models") + 1], "image": plain(service["image"])}
    expect(got == case["expected"], f"read back {got}, expected {case['expected']}")
    yield "compose.yaml, read back", json.dumps(got)


def verify(path):
    """What systemd says of a unit, by line: it tells of the machine's other units as well."""
    ended = subprocess.run(["systemd-analyze", "verify", str(path)], capture_output=True, text=True, timeout=120)
    return ended.returncode, [line for line in ended.stderr.splitlines() if path.name in line]


def systemd(case):
    if shutil.which("systemd-analyze") is None:
        answer(model=case["title"], skipped="there is no systemd-analyze here")
        return
    path = Path(case["folder"]) / case["unit"]
    status, about = verify(path)
    expect(status == 0 and not about, f"status {status}: {'; '.join(about)}")
    yield case["unit"], "nothing to say"
    lines = path.read_text().split("\n")
    for what, pattern, wrong in (
        ("misspelt", r"^([A-Z]\w+)=", r"\1x="),
        ("no yes or no", r"=yes$", "=maybe"),
        ("no number", r"=\d+[%M]?$", "=many"),
    ):
        # Each on its own: systemd reads no further behind some of them.
        spoilt = {i: re.sub(pattern, wrong, line) for i, line in enumerate(lines) if re.search(pattern, line)}
        for i, line in spoilt.items():
            with tempfile.TemporaryDirectory() as folder:
                mutant = Path(folder) / path.name
                mutant.write_text("\n".join([*lines[:i], line, *lines[i + 1 :]]))
                _, about = verify(mutant)
            expect(any(f"{path.name}:{i + 1}:" in said for said in about), f"{line} is not refused")
        expect(spoilt, f"no line to spoil: {what}")
        yield f"{case['unit']}, {what}", f"{len(spoilt)} times refused"


# Docker's reference of the Dockerfile; MAINTAINER is deprecated.
INSTRUCTIONS = set("ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR".split())


def dockerfile_problems(text):
    with tempfile.TemporaryDirectory() as folder:
        parser = DockerfileParser(folder)
        parser.content = text
        steps = [step for step in parser.structure if step["instruction"] != "COMMENT"]
        image = parser.baseimage
    problems = [f"no instruction {step['instruction']}" for step in steps if step["instruction"] not in INSTRUCTIONS]
    if not steps or steps[0]["instruction"] != "FROM" or not image:
        problems.append("it begins with no image")
    for step in steps:
        if step["value"] == "":
            problems.append(f"nothing behind {step['instruction']}")
        if step["instruction"] in ("ENTRYPOINT", "CMD"):
            try:
                good = all(isinstance(word, str) for word in json.loads(step["value"]))
            except ValueError:
                good = False
            if not good:
                problems.append(f"{step['value']} is no list of words")
    return problems, steps


def dockerfile(case):
    text = (Path(case["folder"]) / "Dockerfile").read_text()
    problems, steps = dockerfile_problems(text)
    expect(not problems, "; ".join(problems))
    yield "Dockerfile", f"{len(steps)} instructions"
    lines = text.split("\n")
    mutants = [(step["startline"], step["instruction"] + "X") for step in steps]
    mutants += [(step["startline"], step["value"].rstrip("]")) for step in steps if step["value"].startswith("[")]
    for at, word in mutants:
        # The instruction, or its list, loses its shape.
        instruction, rest = lines[at].split(" ", 1)
        line = f"{word} {rest}" if word.endswith("X") else f"{instruction} {word}"
        expect(dockerfile_problems("\n".join([*lines[:at], line, *lines[at + 1 :]]))[0], f"{line} is not refused")
    yield "Dockerfile, spoilt", f"{len(mutants)} times refused"


JUDGES = {"kserve": [kserve, dockerfile], "triton": [triton_config], "compose": [compose, dockerfile], "systemd": [systemd]}

answer(version=", ".join(f"{name} {version(name)}" for name in ("kserve", "kubernetes", "tritonclient", "docker-compose")))
for case in json.load(open(sys.argv[1])):
    for judge in JUDGES[case["kind"]]:
        try:
            for what, note in judge(case):
                answer(model=f"{case['title']}: {what}", note=note)
        except Exception as error:  # whatever it is, it is the answer
            answer(model=f"{case['title']}: {judge.__name__}", problem=f"{type(error).__name__}: {error}"[:2000])
