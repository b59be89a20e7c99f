"""A chat template: the Jinja text by which a published model words a conversation.

    {% for m in messages %}<|{{ m.role }}|>{{ m.content }}{{ eos_token }}{% endfor %}

    [user: Hi]  ->  <|user|>Hi</s>

It comes with a model, from anywhere, and so runs in Jinja's sandbox, with bounds on how long it
takes and how much it writes. Templates know what they do in transformers (`apply_chat_template`):
`messages`, `add_generation_prompt`, the tokenizer's marks (`eos_token` ...), `raise_exception`,
`strftime_now`, `tojson`, `{% break %}`, `{% continue %}` and `{% generation %}`. The day that
`strftime_now` tells is always the same: prompts are a function of their seed.
"""

import contextlib
import datetime
import functools
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import jinja2
from jinja2 import ext, nodes, sandbox, visitor

from flanlike import errors

TODAY = datetime.datetime(2024, 7, 26)  # the day that Llama 3.1's template takes for itself

# For a model whose files bring none. An answer begins where it does without a chat: on a new line.
_PLAIN = """\
{% for message in messages %}
{% if message['role'] == 'system' %}
{{ message['content'] + '\n\n' }}
{%- elif message['role'] == 'user' %}
{{ 'User:\n' + message['content'] + '\n\n' }}
{%- else %}
{{ 'Assistant:\n' + message['content'] + eos_token + '\n\n' }}
{%- endif %}
{% endfor %}
{% if add_generation_prompt %}{{ 'Assistant:\n' }}{% endif %}"""

_MOST_SOURCE = 1 << 18  # characters of a template; published ones have 20,000 at most
_MOST_TEXT = 1 << 25  # characters that it makes of its messages, in any step and in all
_MOST_STEPS = 1 << 20  # loops, calls, filters, expressions
_MOST_NUMBER = 1 << 20  # that it gives to a function: a width, a count
_MOST_POWER = 64
_SECONDS = 10.0
_FILTERS = (
    *("abs", "batch", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first"),
    *(
        "float",
        "forceescape",
        "groupby",
        "indent",
        "int",
        "items",
        "join",
        "last",
        "length",
        "list",
    ),
    *("lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "safe"),
    *("select", "selectattr", "slice", "sort", "string", "striptags", "sum", "title", "trim"),
    *("truncate", "unique", "upper", "wordcount"),
)

Message = Mapping[str, str]  # {"role": "user", "content": "Hi"}


def plain(*, has_bos: bool) -> str:
    """Returns a template for a model whose files bring none, with BOS before all or without."""
    return ("{{ bos_token }}" if has_bos else "") + _PLAIN


class ChatTemplate:
    """A template that is ready to be applied; `where` says in errors whose it is."""

    def __init__(self, source: str, *, marks: Mapping[str, str], where: str) -> None:
        self.source, self._marks, self._where = source, dict(marks), where
        if len(source) > _MOST_SOURCE:
            raise errors.UserError(
                f"{where}: the chat template has {len(source):,} characters; expected "
                f"{_MOST_SOURCE:,} at most"
            )
        self._environment = _Sandbox()
        try:
            self._template = self._environment.compiled(source)
        except (jinja2.TemplateError, RecursionError) as error:
            raise errors.UserError(
                f"{where}: the chat template cannot be read: {errors.in_one_line(error)}"
            ) from error

    def render(self, messages: Sequence[Message], *, generation: bool) -> str:
        """Returns the conversation as one text, its marks spelt out.

        With `generation` it ends where the assistant's next answer begins.
        """
        said = [dict(message) for message in messages]
        with self._environment.bounded():
            try:
                return "".join(
                    self._template.generate(
                        messages=said,
                        tools=None,
                        documents=None,
                        add_generation_prompt=generation,
                        **self._marks,
                    )
                )
            except _Refused as error:
                raise errors.UserError(
                    f"{self._where}: the chat template refuses these messages: {error}"
                ) from error
            except Exception as error:  # a template may do anything that its data do not bear
                said = str(error) if isinstance(error, _TooMuch) else errors.in_one_line(error)
                raise errors.UserError(
                    f"{self._where}: the chat template cannot be applied: {said}"
                ) from error


class _Refused(jinja2.TemplateError):
    """What `raise_exception` raises: the template's own words on what it does not take."""


class _TooMuch(jinja2.TemplateError):
    """A bound is reached."""


class _Generation(ext.Extension):
    """`{% generation %}`: what it holds is the assistant's, which is written as it is."""

    tags = {"generation"}

    def parse(self, parser: Any) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Counted(visitor.NodeTransformer):
    """Has every loop and every joining of texts pass through the sandbox's counts."""

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


class _Sandbox(sandbox.ImmutableSandboxedEnvironment):
    """Jinja's sandbox, in which steps, and the sizes of what they make, are counted."""

    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def __init__(self) -> None:
        self._spent = threading.local()
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[ext.loopcontrols, _Generation],
            finalize=self._written,
        )
        known = {name: self._guarded(self.filters[name]) for name in _FILTERS}
        known["tojson"] = self._guarded(_tojson)
        self.filters = {**known, "_counted": self._counted}
        del self.globals["lipsum"]
        self.globals |= {"raise_exception": _refuse, "strftime_now": TODAY.strftime}

    def compiled(self, source: str) -> jinja2.Template:
        return self.from_string(_Counted().visit(self.parse(source)))

    @contextlib.contextmanager
    def bounded(self) -> Iterator[None]:
        """Counts, from nothing, what is done in the block."""
        self._spent.steps = self._spent.characters = 0
        self._spent.until = time.monotonic() + _SECONDS
        try:
            yield
        finally:
            self._spent.until = None

    def call(self, context: Any, function: Any, /, *args: Any, **named: Any) -> Any:
        self._step()
        function_of = getattr(function, "__wrapped__", function)  # Jinja wraps some methods
        of = getattr(function_of, "__self__", None)
        if isinstance(of, str) and function_of.__name__.startswith("format"):
            raise _TooMuch(f"it calls {function_of.__name__} on a text, which no template may")
        self._expect_small(of, *args, *named.values())
        made = super().call(context, function, *args, **named)
        self._made(made if isinstance(made, str) else "")
        return made

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        self._step()
        if operator == "+":
            self._expect_room(_size(left) + _size(right))
        elif operator == "%" and isinstance(left, str):
            raise _TooMuch("it formats a text by %, which no template may")
        elif operator == "**" and isinstance(right, int) and abs(right) > _MOST_POWER:
            raise _TooMuch(f"it takes a number to the power of {right!r}")
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
        if self._spent.steps > _MOST_STEPS:
            raise _TooMuch(f"it takes more than {_MOST_STEPS:,} steps")
        if time.monotonic() > self._spent.until:
            raise _TooMuch(f"it takes longer than {_SECONDS:g} s")

    def _expect_small(self, *given: Any) -> None:
        """Raises where what a function makes of these could be too long: their product is."""
        numbers = [abs(one) for one in given if isinstance(one, int)]
        sizes = sorted(_size(one) for one in given if isinstance(one, (str, list, tuple, dict)))
        if numbers and max(numbers) > _MOST_NUMBER:
            raise _TooMuch(f"it gives a number above {_MOST_NUMBER:,} to a function")
        if sizes:
            self._expect_room(sizes[-1] * max([1, *sizes[-2:-1], *numbers]))

    def _expect_room(self, characters: int) -> None:
        if characters > _MOST_TEXT:
            raise _TooMuch(f"it makes a text of more than {_MOST_TEXT:,} characters")


def _size(value: Any) -> int:
    """Returns how many characters a value has, and its parts; a list's items count one each."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return 1
    total = 0
    for each in value:
        total += 1 + _size(each)
        if total > _MOST_TEXT:
            break
    return total


def _refuse(message: str) -> None:
    raise _Refused(message)


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Returns JSON as it is, where Jinja's own filter escapes what HTML would read."""
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )
