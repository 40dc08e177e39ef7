"""The classes by which KServe and Kubernetes publish their schemas, and a check of plain data against them that leaves nothing out."""

import re
import sys
import types
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

SCALARS = {"str": str, "int": int, "bool": bool, "float": (int, float)}
# Fields that are amounts, which the classes know as text only.
QUANTITIES = {("V1ResourceRequirements", "limits"), ("V1ResourceRequirements", "requests"), ("V1EmptyDirVolumeSource", "sizeLimit")}


def bare(name):
    """Makes a package importable without running its __init__, which imports clients and servers that no schema needs."""
    parent, _, last = name.rpartition(".")
    folder = Path(sys.modules[parent].__path__[0]) / last if parent else Path(find_spec(name).submodule_search_locations[0])
    module = types.ModuleType(name)
    module.__path__ = [str(folder)]
    sys.modules[name] = module
    return folder


def classes():
    """The module of each class."""
    found = {}
    for packages in (["kubernetes", "kubernetes.client", "kubernetes.client.models"], ["kserve", "kserve.models"], ["kubernetes.utils"]):
        folder = [bare(package) for package in packages][-1]
        for path in folder.glob("v*.py") if packages[-1].endswith("models") else []:
            for name in re.findall(r"^class (\w+)\(", path.read_text(), re.MULTILINE):
                found.setdefault(name, f"{packages[-1]}.{path.stem}")
    return found


MODULES = classes()
parse_quantity = import_module("kubernetes.utils.quantity").parse_quantity


class Walk:
    """What is wrong with a document, and the places where it could be wrong: `keys` are fields of classes, `leaves` are scalars with a type."""

    def __init__(self):
        self.problems, self.keys, self.leaves = [], [], []

    def check(self, value, wanted, path):
        of_list = re.fullmatch(r"[lL]ist\[(.+)\]", wanted)
        of_dict = re.fullmatch(r"(?:dict\(|Dict\[)str, (.+)[\])]", wanted)
        if of_list:
            if self.is_a(list, value, wanted, path):
                for i, item in enumerate(value):
                    self.check(item, of_list[1], (*path, i))
        elif of_dict:
            if self.is_a(dict, value, wanted, path):
                for key, item in value.items():
                    self.is_a(str, key, "str", (*path, key))
                    self.check(item, of_dict[1], (*path, key))
        elif wanted in SCALARS:
            self.leaves.append((path, wanted))
            self.is_a(SCALARS[wanted], value, wanted, path)
        elif wanted == "object":
            # A union, of which the class around it knows more.
            self.leaves.append((path, wanted))
        elif wanted == "ResourceQuantity":
            self.quantity(value, path)
        elif wanted in MODULES:
            self.model(value, wanted, path)
        else:
            self.wrong(path, f"nobody publishes the type {wanted}")

    def model(self, value, name, path):
        if not self.is_a(dict, value, name, path):
            return
        published = getattr(import_module(MODULES[name]), name)
        attributes = {key: attribute for attribute, key in published.attribute_map.items()}
        known = {}
        for key, item in value.items():
            self.keys.append((*path, key))
            if key not in attributes:
                self.wrong((*path, key), f"{name} has no such field")
                continue
            known[attributes[key]] = item
            self.check(item, published.openapi_types[attributes[key]], (*path, key))
            if (name, key) in QUANTITIES:
                for amount in item.values() if isinstance(item, dict) else [item]:
                    self.quantity(amount, (*path, key))
        try:
            # The classes of one package validate plain data, those of the other their arguments.
            published.model_validate(value) if hasattr(published, "model_validate") else published(**known)
        except ValueError as error:
            self.wrong(path, " ".join(str(error).split()))

    def quantity(self, value, path):
        try:
            parse_quantity(value)
        except ValueError as error:
            self.wrong(path, str(error))

    def is_a(self, kind, value, wanted, path):
        good = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        if not good:
            self.wrong(path, f"{value!r} is no {wanted}")
        return good

    def wrong(self, path, problem):
        self.problems.append(f"{'.'.join(map(str, path))}: {problem}")


def walk(document):
    """Checks a document of a cluster by what it says it is."""
    found = Walk()
    group, _, version = str(document.get("apiVersion")).rpartition("/")
    name = version[:1].upper() + version[1:] + str(document.get("kind"))
    package = {"serving.kserve.io": "kserve.models", "": "kubernetes.client.models"}.get(group)
    if package is None or not MODULES.get(name, "").startswith(package):
        found.wrong((), f"nobody publishes {document.get('apiVersion')} {document.get('kind')}")
    else:
        found.check(document, name, ())
    return found
