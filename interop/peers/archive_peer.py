# Reads the archives that Ingot made with Python's own libraries; each checks every checksum.
import json
import os
import sys
import tarfile
import zipfile
from importlib.metadata import version


def answer(**fields):
    print("ANSWER " + json.dumps(fields), flush=True)


def read(path):
    """Names and contents."""
    if path.endswith(".mar"):
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
            if bad:
                raise ValueError("bad checksum of " + bad)
            return {name: archive.read(name) for name in archive.namelist()}
    if path.endswith(".tar.gz"):
        with tarfile.open(path, "r:gz") as archive:
            return {m.name.split("/", 1)[1]: archive.extractfile(m).read() for m in archive.getmembers() if m.isfile()}
    found = {}
    for folder, _, names in os.walk(path):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                found[os.path.relpath(os.path.join(folder, name), path)] = file.read()
    return found


answer(version=version("torch-model-archiver"))
for path in sys.argv[1:]:
    model = "/".join(path.split(os.sep)[-3:])
    try:
        files = read(path)
        manifest = json.loads(files["MAR-INF/MANIFEST.json"])
        named = manifest["model"]["serializedFile"]
        if named not in files:
            raise ValueError("no " + named)
        answer(model=model, note="read by Python, %d files" % len(files))
    except Exception as error:  # whatever it is, it is the answer
        answer(model=model, problem=repr(error))
