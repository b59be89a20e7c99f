"""The sandbox of all Jinja templates here: what one may reach, and in this process may take.

    Sandbox    lets a template read its values and call what is listed here. Attributes of anything
               else, other templates, and Python's own names are refused
    Bounded    besides counts what a template does and sizes what it makes, for templates that run
               in this process: no loop, call or literal of one takes long or becomes large

It imports nothing of this project: `jinja_child`, which does not know the project, loads it by its
place. What runs there may change lists, whose sizes cannot be told beforehand; its process is ended
where it takes too long.
"""

import contextlib
import functools
import string
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import jinja2
import markupsafe
from jinja2 import nodes, runtime, sandbox, utils, visitor

MOST_TEXT = 1 << 25  # characters that a template makes, in any step and in all
MOST_PARTS = 1 << 16  # of a list, tuple or mapping, and of those in it, that it spells
MOST_STEPS = 1 << 20  # loops, calls, filters, expressions
MOST_NUMBER = 1 << 20  # that it gives to a function: a width, a count
MOST_BITS = 1 << 12  # of a power
SECONDS = 10.0

_OF_TEXT = (
    "capitalize count endswith find index isalnum isalpha isdecimal isdigit islower isnumeric "
    "isspace istitle isupper join lower lstrip partition removeprefix removesuffix replace rfind "
    "rindex rpartition rsplit rstrip split splitlines startswith strip swapcase title upper"
)
_OF_LOOPS = (
    "changed cycle depth depth0 first index index0 last length nextitem previtem revindex revindex0"
)
_METHODS: dict[type, frozenset[str]] = {
    kind: frozenset(names.split(" "))
    for kind, names in (
        (str, _OF_TEXT),
        (markupsafe.Markup, _OF_TEXT),
        (list, "append copy count extend index insert pop remove reverse"),
        (tuple, "count index"),
        (dict, "copy get items keys pop setdefault update values"),
        (runtime.LoopContext, _OF_LOOPS),
        (utils.Cycler, "current next reset"),
    )
}
_CHANGING = frozenset(
    ("append", "extend", "insert", "pop", "remove", "reverse", "setdefault", "update")
)
_OWN = (runtime.BlockReference, runtime.LoopContext, runtime.Macro, utils.Joiner)  # to be called


class Sandbox(sandbox.SandboxedEnvironment):
    """Of objects it knows the methods listed, and of mappings their keys."""

    changes_values = True  # by methods of lists and mappings
    calls_own = False  # what the template itself defines: macros, blocks, a loop in a loop

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if type(obj) is utils.Namespace:
            return not attr.startswith("_")
        return self._is_listed(obj, attr)

    def is_safe_callable(self, obj: Any) -> bool:
        bound = getattr(obj, "__self__", None)
        if type(bound) in _METHODS:
            return self._is_listed(bound, getattr(obj, "__name__", ""))
        return self.calls_own and isinstance(obj, _OWN) or obj in self.globals.values()

    def _is_listed(self, obj: Any, name: str) -> bool:
        is_changing = isinstance(obj, (list, dict)) and name in _CHANGING
        return name in _METHODS.get(type(obj), ()) and not (is_changing and not self.changes_values)


class TooMuch(jinja2.TemplateError):
    """A bound is reached."""


class Bounded(Sandbox):
    """Steps, and the sizes of what they make, are counted while `bounded` lasts."""

    intercepted_binops = frozenset(("+", "*", "**", "%"))
    changes_values = False
    calls_own = True

    def __init__(
        self,
        *,
        filters: Mapping[str, Callable[..., Any]],
        globals: Mapping[str, Any],
        **options: Any,
    ) -> None:
        self._spent = threading.local()
        super().__init__(finalize=self._written, **options)
        guarded = {name: self._guarded(function) for name, function in filters.items()}
        own = {"_counted": self._counted, "_sized": _sized}
        self.filters = {"string": self._guarded(markupsafe.soft_str), **guarded, **own}
        self.globals = dict(globals)

    def compiled(self, source: str) -> jinja2.Template:
        return self.from_string(_Counted().visit(self.parse(source)))

    @contextlib.contextmanager
    def bounded(self) -> Iterator[None]:
        """Counts, from nothing, what is done in the block."""
        self._spent.steps = self._spent.characters = 0
        self._spent.until = time.monotonic() + SECONDS
        try:
            yield
        finally:
            self._spent.until = None

    def call(self, context: Any, function: Any, /, *args: Any, **named: Any) -> Any:
        self._step()
        function_of = getattr(function, "__wrapped__", function)  # Jinja wraps some methods
        self._expect_small(getattr(function_of, "__self__", None), *args, *named.values())
        if _is_format(function_of):
            _expect_plain(function_of.__self__)
        made = super().call(context, function, *args, **named)
        self._made(made if isinstance(made, str) else "")
        return made

    def is_safe_callable(self, obj: Any) -> bool:
        return _is_format(getattr(obj, "__wrapped__", obj)) or super().is_safe_callable(obj)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        self._step()
        if operator == "+":
            self._expect_room(_size(left) + _size(right))
        elif operator == "%" and isinstance(left, str):
            raise TooMuch("it formats a text by %, which no template may")
        elif operator == "**" and isinstance(left, int) and isinstance(right, int):
            if left.bit_length() * right > MOST_BITS:
                raise TooMuch(f"it makes a number of more than {MOST_BITS:,} bits")
        else:
            self._expect_small(left, right)
        return super().call_binop(context, operator, left, right)

    def _guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)  # and with it what Jinja has noted on the function
        def guarded(*args: Any, **named: Any) -> Any:
            self._step()
            self._expect_small(*args, *named.values())
            return function(*args, **named)

        return guarded

    def _counted(self, values: Iterable[Any], cost: int) -> Iterator[Any]:
        """Yields what a loop goes through, each of which may write so many characters itself."""
        for value in values:
            self._step()
            self._made_characters(cost)
            yield value

    def _written(self, value: Any) -> Any:
        """Returns what an expression is to write."""
        self._step()
        self._made(value)
        return value

    def _made(self, value: Any) -> None:
        self._made_characters(_size(value))

    def _made_characters(self, count: int) -> None:
        if self._is_counting:
            self._spent.characters += count
            self._expect_room(self._spent.characters)

    @property
    def _is_counting(self) -> bool:  # and not folding constants, while it is compiled
        return getattr(self._spent, "until", None) is not None

    def _step(self) -> None:
        if not self._is_counting:
            return
        self._spent.steps += 1
        if self._spent.steps > MOST_STEPS:
            raise TooMuch(f"it takes more than {MOST_STEPS:,} steps")
        if time.monotonic() > self._spent.until:
            raise TooMuch(f"it takes longer than {SECONDS:g} s")

    def _expect_small(self, *given: Any) -> None:
        """Raises where what a function makes of these could be too long: their product is."""
        numbers = [abs(one) for one in given if isinstance(one, int)]
        sizes = sorted(_size(one) for one in given if isinstance(one, (str, *_PARTED)))
        if numbers and max(numbers) > MOST_NUMBER:
            raise TooMuch(f"it gives a number above {MOST_NUMBER:,} to a function")
        if sizes:
            self._expect_room(sizes[-1] * max([1, *sizes[-2:-1], *numbers]))

    def _expect_room(self, characters: int) -> None:
        if characters > MOST_TEXT:
            raise TooMuch(f"it makes a text of more than {MOST_TEXT:,} characters")


def _is_format(function: Any) -> bool:
    return type(getattr(function, "__self__", None)) is str and function.__name__ == "format"


def _expect_plain(text: str) -> None:
    """Raises unless the fields of a text to format are places or names alone: no "{:>999}"."""
    for _, field, spec, conversion in string.Formatter().parse(text):
        is_place = not field or field.isdecimal() or field.isidentifier()
        if spec or conversion or not is_place:
            raise TooMuch("it formats a text by more than {}, {0} and {name}")


class _Counted(visitor.NodeTransformer):
    """Has every loop, every joining of texts and every literal pass through `Bounded`'s counts."""

    def visit_For(self, node: nodes.For) -> nodes.For:
        self.generic_visit(node)
        written = sum(len(each.data) for each in node.find_all(nodes.TemplateData))
        written += sum(_size(each.value) for each in node.find_all(nodes.Const))
        cost = nodes.Const(written, lineno=node.lineno)
        node.iter = nodes.Filter(node.iter, "_counted", [cost], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:
        self.generic_visit(node)
        texts = [nodes.Filter(n, "string", [], [], None, None, lineno=n.lineno) for n in node.nodes]
        joined: nodes.Expr = texts[0]
        for text in texts[1:]:
            joined = nodes.Add(joined, text, lineno=node.lineno)
        return joined

    def visit_List(self, node: nodes.Expr) -> nodes.Expr:
        """Sizes what is spelt: of lists in lists in lists, comparing two would never end."""
        self.generic_visit(node)
        if getattr(node, "ctx", "load") != "load":  # names that are set
            return node
        return nodes.Filter(node, "_sized", [], [], None, None, lineno=node.lineno)

    visit_Tuple = visit_Dict = visit_List


_PARTED = (list, tuple, dict, utils.Namespace)


def _sized(value: Any) -> Any:
    if _size(value, most=MOST_PARTS, of_text=lambda _: 1) > MOST_PARTS:
        raise TooMuch(f"it spells a list or mapping of more than {MOST_PARTS:,} parts")
    return value


def _size(value: Any, *, most: int = MOST_TEXT, of_text: Callable[[str], int] = len) -> int:
    """Returns how many characters a value has, and its parts; a list's items count one each."""
    if isinstance(value, str):
        return of_text(value)
    if type(value) is utils.Namespace:
        value = object.__getattribute__(value, "_Namespace__attrs")
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return 1
    total = 0
    for each in value:
        total += 1 + _size(each, most=most, of_text=of_text)
        if total > most:
            break
    return total
