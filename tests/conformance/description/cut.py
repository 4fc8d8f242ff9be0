#!/usr/bin/env python3
"""Cuts Okta's description of its management API down to the calls that this server answers.

    cargo build --example stage -p postern-server
    target/debug/examples/stage routes | tests/conformance/python tests/conformance/description/cut.py SPEC.yaml [MORE.yaml]

The first file that has a path gives it. Kept of a call: its parameters, bodies and answers, with all that these refer
to; prose and examples are left out. What is not in the description is ours and is not looked for. See SOURCE.md.
"""

import json
import sys
from pathlib import Path

import yaml

METHODS = ("get", "put", "post", "delete", "patch")
PROSE = ("description", "summary", "example", "examples", "externalDocs", "title", "tags", "security", "deprecated", "callbacks")

# Where the description contradicts itself or us: components, then members down to the one that is left out, and why.
LEFT_OUT = [
    (("schemas", "PermissionConditions", "properties"), "says that lists of attributes are objects"),
    (("schemas", "Policy", "properties", "_embedded"), "says that a list of rules is an object"),
    (("schemas", "TimeDuration", "pattern"), "lost its look-aheads, so that no duration fits it"),
    (("schemas", "UserFactorVerifyResponse", "properties", "profile"), "says that the members of a profile are objects"),
    (("schemas", "UserProfile", "properties", "login", "minLength"), "a login may be as short as a Unix name here"),
]


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Leaves what looks like a moment as the text that it is."""


Loader.yaml_implicit_resolvers = {
    first: [rule for rule in rules if rule[0] != "tag:yaml.org,2002:timestamp"]
    for first, rules in Loader.yaml_implicit_resolvers.items()
}


def shape(path):
    return "/".join("{}" if word.startswith("{") else word for word in path.split("/"))


def answers(routes, method, path, shapes):
    """Whether a route of ours answers this call: one of the same shape, or one that answers several by a member in
    braces and is itself none of those described (`shapes`)."""
    words = shape(path).split("/")
    return any(
        route["method"] == method.upper()
        and (shape(route["path"]) == shape(path) or shape(route["path"]) not in shapes)
        and len(parts := shape(route["path"]).split("/")) == len(words)
        and all(part == word or part == "{}" for part, word in zip(parts, words))
        for route in routes
    )


def without_prose(node, is_map_of_names=False):
    """`is_map_of_names`: its keys are members of some object, where `description` is a name like any other."""
    if isinstance(node, list):
        return [without_prose(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "discriminator" in node and "oneOf" in node:
        # The alternatives overlap, so that more than one fits: its own discriminator says which is meant.
        node = {("anyOf" if key == "oneOf" else key): value for key, value in node.items()}
    keep = {key: value for key, value in node.items() if is_map_of_names or not (key in PROSE or key.startswith("x-"))}
    return {key: without_prose(value, key == "properties" and not is_map_of_names) for key, value in keep.items()}


def references(node):
    if isinstance(node, list):
        for item in node:
            yield from references(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            elif key == "mapping":
                yield from value.values()
            else:
                yield from references(value)


def cut(routes, sources):
    paths, shapes = {}, {shape(path) for source in sources for path in source["paths"]}
    for source in sources:
        for path, item in source["paths"].items():
            calls = {method: item[method] for method in METHODS if method in item and answers(routes, method, path, shapes)}
            if calls and path not in paths:
                shared = {"parameters": item["parameters"]} if "parameters" in item else {}
                paths[path] = without_prose({**shared, **calls})
    components, open_references = {}, set(references(paths))
    while open_references:
        reference = open_references.pop()
        _, _, kind, name = reference.split("/")
        if name in components.get(kind, {}):
            continue
        found = next(source["components"][kind][name] for source in sources if name in source["components"].get(kind, {}))
        components.setdefault(kind, {})[name] = without_prose(found)
        open_references.update(references(components[kind][name]))
    for (*way, last), _ in LEFT_OUT:
        node = components
        for step in way:
            node = node.get(step, {})
        node.pop(last, None)
    return {
        "openapi": sources[0]["openapi"],
        "info": {"title": "The calls of Okta's management API that this server answers", "version": sources[0]["info"]["version"],
                 "license": sources[0]["info"]["license"]},
        "paths": dict(sorted(paths.items())),
        "components": {kind: dict(sorted(components[kind].items())) for kind in sorted(components)},
    }


def written(description):
    """JSON with a line for a path or component, so that a change of one is a change of one line."""
    def line(value):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def lines(members):
        return "{\n" + ",\n".join(f"{line(name)}:{line(value)}" for name, value in members.items()) + "\n}"

    parts = [f'"openapi":{line(description["openapi"])}', f'"info":{line(description["info"])}', f'"paths":{lines(description["paths"])}']
    kinds = ",\n".join(f"{line(kind)}:{lines(members)}" for kind, members in description["components"].items())
    return "{\n" + ",\n".join(parts) + ',\n"components":{\n' + kinds + "\n}\n}\n"


def main():
    routes = json.load(sys.stdin)
    sources = [yaml.load(Path(name).read_text(encoding="utf-8"), Loader) for name in sys.argv[1:]]
    description = cut(routes, sources)
    Path(__file__).with_name("okta-management.json").write_text(written(description), encoding="utf-8")
    print(sum(len([m for m in item if m in METHODS]) for item in description["paths"].values()), "calls")


if __name__ == "__main__":
    main()
