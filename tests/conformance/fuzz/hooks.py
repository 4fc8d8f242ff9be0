"""What the fuzzer of the API does besides making up requests: it asks for what is really there, and keeps count.

A made-up id names nothing and a made-up body is refused at its first member: of both little is learnt. So most requests
get ids that answers before them had, and bodies that are right but for a made-up part (`bodies.json`). The account and
the token that it all runs with are spared.
"""

import atexit
import json
import os
import re
from collections import Counter, defaultdict
from copy import deepcopy
from itertools import count
from pathlib import Path

import schemathesis

SPARED = set(os.environ["POSTERN_SPARED"].split())
BODIES = json.loads(Path(__file__).with_name("bodies.json").read_text(encoding="utf-8"))
# Members of paths and bodies that name something by its id, and where such things are.
PLACES = {
    "apiTokenId": "/api/v1/api-tokens/{}",
    "groupId": "/api/v1/groups/{}",
    "memberId": "/api/v1/users/{}",
    "roleIdOrLabel": "/api/v1/iam/roles/{}",
    "targetGroupId": "/api/v1/groups/{}",
    "userId": "/api/v1/users/{}",
}

known = defaultdict(list)
turns = defaultdict(count)
numbers = count()
statuses = defaultdict(Counter)


def learn(path, answer):
    """Keeps the addresses of what an answer of this path shows."""
    if isinstance(answer, dict):
        # A few lists are a member of an object.
        answer = next((answer[name] for name in ("roles", "resource-sets", "resources", "members") if name in answer), [answer])
    for one in answer:
        if not (isinstance(one, dict) and isinstance(one.get("id"), str)) or one["id"] in SPARED:
            continue
        words = path.rstrip("/").split("/")
        if words[-1] != one["id"]:
            words = [*words, one["id"]]
        shape = "/".join("{}" if re.fullmatch(r"[0-9A-Za-z]{20}", word) else word for word in words)
        if words not in known[shape]:
            known[shape] = known[shape][-50:] + [words]


for seed, seen in json.loads(os.environ["POSTERN_SEEDS"]):
    learn(seed, seen)


def one_of(name, turn):
    places = known.get(PLACES.get(name))
    return places[turn % len(places)][-1] if places else None


def right_body(call, turn):
    """The body that would be right, with ids of what is there and a number of its own."""
    def filled(node):
        if isinstance(node, dict):
            return {name: filled(value) for name, value in node.items()}
        if isinstance(node, list):
            return [filled(value) for value in node]
        if not isinstance(node, str):
            return node
        for name in PLACES:
            if f"{{{name}}}" in node:
                node = node.replace(f"{{{name}}}", one_of(name, turn) or "none")
        return node.replace("{url}", os.environ["POSTERN_URL"]).replace("{number}", number)

    number = str(next(numbers))
    return filled(BODIES[call])


def grafted(right, made_up, turn):
    """The right body with one made-up member in place of its own, at the top or one level down."""
    out = deepcopy(right)
    at, of = out, made_up
    names = sorted(set(of) & set(at), key=repr)
    if names and turn % 2 and isinstance(of.get(names[0]), dict) and isinstance(at.get(names[0]), dict):
        at, of = at[names[0]], of[names[0]]
    for name in sorted(of, key=repr)[turn % 7 : turn % 7 + 1]:
        at[name] = of[name]
    return out


@schemathesis.hook
def before_call(context, case, kwargs):
    made_up = case.path_parameters or {}
    call = f"{case.method} {case.operation.path}"
    turn = next(turns[call])
    template = case.operation.path.split("/")
    names = [(at, word[1:-1]) for at, word in enumerate(template) if word.startswith("{")]
    filled = {}
    # What is taken away is missed by all later requests: of that, less.
    if names and (turn % 3 == 0 if case.method == "DELETE" else turn % 8):
        shape = ["{}" if word.startswith("{") else word for word in template]
        for at, _ in reversed(names):
            if places := known.get("/".join(shape[: at + 1])):
                place = places[turn % len(places)]
                filled.update({name: place[at] for at, name in names if at < len(place)})
                break
        for _, name in names:
            if name not in filled and (found := one_of(name, turn)):
                filled[name] = found
    # The fuzzer learns ids from answers by itself too.
    spared = {name: "spared" for name, value in made_up.items() if value in SPARED}
    if filled or spared:
        case.path_parameters = {**made_up, **spared, **filled}
    if call in BODIES and turn % 4:
        right = right_body(call, turn)
        case.body = grafted(right, case.body, turn // 4) if turn % 4 > 1 and isinstance(case.body, dict) else right
        case.media_type = "application/json"


@schemathesis.hook
def after_call(context, case, response):
    statuses[case.operation.label][response.status_code] += 1
    done = 200 <= response.status_code < 300
    path = response.request.path_url.split("?")[0]
    if response.status_code == 404 or (done and case.method == "DELETE"):
        for places in known.values():
            if path.split("/") in places:
                places.remove(path.split("/"))
    if done and case.method in ("GET", "POST", "PUT"):
        try:
            learn(path, response.json())
        except ValueError:
            pass


@atexit.register
def tell():
    Path(os.environ["POSTERN_COUNTS"]).write_text(json.dumps(statuses), encoding="utf-8")
