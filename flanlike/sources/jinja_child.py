"""Renders templates of strangers: a program of its own, which `bounded_jinja` starts and may kill.

A line in, a line out, both JSON. It imports nothing of this project:

    {"source": "{{ a }}?", "values": {"a": "Why"}, "seed": 7, "limit": 1000}   ->  {"text": "Why?"}
    {"names": "{{ a }}?"}                                                      ->  {"names": ["a"]}
    anything that goes wrong                                      ->  {"error": "'a' is undefined"}

What a template may do: read the row, and call what is listed here. Attributes of anything else than
what is listed, other templates, and Python's own names are refused by Jinja's sandbox.
"""

import collections
import contextlib
import json
import random
import sys
from typing import Any

import jinja2
from jinja2 import meta, runtime, sandbox, utils

_MEMORY = 1 << 30  # bytes

_OF_TEXT = (
    "capitalize count endswith find index isalpha isdigit isupper islower join lower lstrip "
    "partition removeprefix removesuffix replace rfind rpartition rsplit rstrip split splitlines "
    "startswith strip swapcase title upper"
)
_OF_LOOPS = (
    "changed cycle depth depth0 first index index0 last length nextitem previtem revindex revindex0"
)
_METHODS: dict[type, frozenset[str]] = {
    kind: frozenset(names.split(" "))
    for kind, names in (
        (str, _OF_TEXT),
        (list, "append copy count extend index insert pop remove reverse"),
        (tuple, "count index"),
        (dict, "copy get items keys pop setdefault update values"),
        (runtime.LoopContext, _OF_LOOPS),
    )
}


class Environment(sandbox.SandboxedEnvironment):
    """Of objects it knows the methods listed, and of mappings their keys."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        is_own = type(obj) is utils.Namespace and not attr.startswith("_")
        return is_own or attr in _METHODS.get(type(obj), ())

    def is_safe_callable(self, obj: Any) -> bool:
        bound = getattr(obj, "__self__", None)
        if type(bound) in _METHODS:
            return getattr(obj, "__name__", "") in _METHODS[type(bound)]
        return obj in self.globals.values()


class Undefined(jinja2.Undefined):
    """A name that there is not is an error, and so is what is refused; a missing key is empty."""

    def _checked(self) -> None:
        is_refused = self._undefined_exception is sandbox.SecurityError
        if is_refused or self._undefined_obj is utils.missing:
            self._fail_with_undefined_error()

    def __str__(self) -> str:
        self._checked()
        return super().__str__()

    def __bool__(self) -> bool:
        self._checked()
        return super().__bool__()

    def __iter__(self) -> Any:
        self._checked()
        return super().__iter__()

    def __len__(self) -> int:
        self._checked()
        return super().__len__()


def answer(asked: dict[str, Any], templates: dict[str, jinja2.Template]) -> dict[str, Any]:
    """Returns what is to be said to a request; templates that were asked for before are kept."""
    if "names" in asked:
        parsed = ENVIRONMENT.parse(asked["names"])
        ENVIRONMENT.from_string(asked["names"])
        return {"names": sorted(meta.find_undeclared_variables(parsed) - {*ENVIRONMENT.globals})}
    source = asked["source"]
    if source not in templates:
        if len(templates) > 256:
            templates.clear()
        templates[source] = ENVIRONMENT.from_string(source)
    DRAWS.seed(asked["seed"])
    parts, length = [], 0
    for part in templates[source].generate(asked["values"]):
        parts.append(part)
        length += len(part)
        if length > asked["limit"]:
            return {"error": f"it writes more than {asked['limit']:,} characters"}
    return {"text": "".join(parts)}


def main() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # where the system has no limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    templates: dict[str, jinja2.Template] = {}
    for line in sys.stdin.buffer:
        try:
            said = answer(json.loads(line), templates)
        except MemoryError:
            said = {"error": "it needs more memory than a template gets"}
        except Exception as error:
            said = {"error": " ".join(str(error).split()) or type(error).__name__}
        sys.stdout.buffer.write(json.dumps(said).encode() + b"\n")
        sys.stdout.buffer.flush()


# Without the context it is reckoned beforehand, once for all rows, where `values` are constant.
@jinja2.pass_context
def _choice(_: runtime.Context, values: Any) -> Any:
    return DRAWS.choice(list(values))


def _most_frequent(values: Any) -> list[Any]:
    """Returns the values that come most often: ["a", "b", "a"] -> ["a"]."""
    counted = collections.Counter(values)
    most = max(counted.values(), default=0)
    return [value for value, count in counted.items() if count == most]


DRAWS = random.Random()
ENVIRONMENT = Environment(undefined=Undefined)
ENVIRONMENT.globals = {
    "range": sandbox.safe_range,
    "zip": zip,
    "dict": dict,
    "namespace": utils.Namespace,
    "choice": _choice,
}
ENVIRONMENT.filters |= {"choice": _choice, "random": _choice, "most_frequent": _most_frequent}

if __name__ == "__main__":
    main()
