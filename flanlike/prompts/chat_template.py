"""A chat template: the Jinja text by which a published model words a conversation.

    {% for m in messages %}<|{{ m.role }}|>{{ m.content }}{{ eos_token }}{% endfor %}

    [user: Hi]  ->  <|user|>Hi</s>

It comes with a model, from anywhere, and so runs in a sandbox (`jinja_sandbox.Bounded`): in this
process, since it is applied several times to every conversation that is trained on, and a process
beside this one, as P3's templates have, takes four times as long to ask (1.7 ms for .4). What could
run away is bounded in the sandbox: loops, calls and texts are counted, and nothing can be made that
takes long to compare or to write.
Templates know what they do in transformers (`apply_chat_template`):
`messages`, `add_generation_prompt`, the tokenizer's marks (`eos_token` ...), `raise_exception`,
`strftime_now`, `tojson`, `{% break %}`, `{% continue %}` and `{% generation %}`. The day that
`strftime_now` tells is always the same: prompts are a function of their seed.
"""

import datetime
import json
from collections.abc import Mapping, Sequence
from typing import Any

import jinja2
from jinja2 import defaults, ext, nodes, sandbox

from flanlike import errors
from flanlike.sources import jinja_sandbox

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
_FILTERS = (
    "abs batch capitalize count d default dictsort e escape first float forceescape groupby indent "
    "int items join last length list lower map max min reject rejectattr replace reverse round "
    "safe select selectattr slice sort string striptags title trim truncate unique upper wordcount"
)
_GLOBALS = ("range", "dict", "cycler", "joiner", "namespace")

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
        self._environment = _environment()
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
                is_own = isinstance(error, jinja_sandbox.TooMuch)
                said = str(error) if is_own else errors.in_one_line(error)
                raise errors.UserError(
                    f"{self._where}: the chat template cannot be applied: {said}"
                ) from error


class _Refused(jinja2.TemplateError):
    """What `raise_exception` raises: the template's own words on what it does not take."""


class _Generation(ext.Extension):
    """`{% generation %}`: what it holds is the assistant's, which is written as it is."""

    tags = {"generation"}

    def parse(self, parser: Any) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _environment() -> jinja_sandbox.Bounded:
    known = {name: defaults.DEFAULT_FILTERS[name] for name in _FILTERS.split(" ")}
    its = {name: defaults.DEFAULT_NAMESPACE[name] for name in _GLOBALS}
    its["range"] = sandbox.safe_range
    return jinja_sandbox.Bounded(
        filters={**known, "sum": _sum, "tojson": _tojson},
        globals={**its, "raise_exception": _refuse, "strftime_now": TODAY.strftime},
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[ext.loopcontrols, _Generation],
    )


def _refuse(message: str) -> None:
    raise _Refused(message)


@jinja2.pass_environment
def _sum(environment: Any, values: Any, attribute: Any = None, start: Any = 0) -> Any:
    """Returns a sum of numbers; that of lists, which Jinja has too, takes their number squared."""
    if not isinstance(start, (int, float)):
        raise jinja_sandbox.TooMuch("it adds up what are no numbers")
    return defaults.DEFAULT_FILTERS["sum"](environment, values, attribute, start)


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
