"""Renders templates of strangers: a program of its own, which `bounded_jinja` starts and may kill.

A line in, a line out, both JSON. Of this project it knows the sandbox alone:

    {"source": "{{ a }}?", "values": {"a": "Why"}, "seed": 7, "limit": 1000}   ->  {"text": "Why?"}
    {"names": "{{ a }}?"}                                                      ->  {"names": ["a"]}
    anything that goes wrong                                      ->  {"error": "'a' is undefined"}

What a template may do: read the row, and call what is listed here and in `jinja_sandbox`.
"""

import collections
import contextlib
import importlib.util
import json
import pathlib
import random
import sys
from typing import Any

import jinja2
from jinja2 import meta, runtime, sandbox, utils

# By its place: this process has no path on which modules of the project are.
_SPEC = importlib.util.spec_from_file_location(
    "jinja_sandbox", pathlib.Path(__file__).with_name("jinja_sandbox.py")
)
jinja_sandbox = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(jinja_sandbox)

_MEMORY = 1 << 30  # bytes


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
ENVIRONMENT = jinja_sandbox.Sandbox(undefined=Undefined)
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
