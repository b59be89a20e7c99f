"""A published chat template is applied in a sandbox, and not for ever."""

import time

import pytest

from flanlike import errors
from flanlike.prompts import chat_template
from flanlike.sources import jinja_sandbox

TALK = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello"},
    {"role": "user", "content": "Who\nare you?"},
]


def rendered(source, messages=TALK, *, generation=True, **marks):
    template = chat_template.ChatTemplate(source, marks=marks, where="a model")
    return template.render(messages, generation=generation)


def test_a_template_sees_messages_marks_and_what_published_ones_use():
    assert rendered("{% for m in messages %}{{ m.role }}{{ eos_token }}{% endfor %}", eos_token="|")
    source = (
        "{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}"
        "{{ m['content'] | trim }}{% if loop.index == 2 %}{% break %}{% endif %}{% endfor %}"
        "{{ tools is none }}"
        "{{ [1, {'a': 'é<'}] | tojson }}{% generation %}, {{ 1 ~ 'b' }}{% endgeneration %}"
        "{{ strftime_now('%d %b %Y') }}{{ bos_token }}{{ '<{0}{x}>{{}}'.format(7, x='8') }}"
        "{{ messages | map(attribute='role') | first }}"
    )
    assert rendered(source) == 'HiTrue[1, {"a": "é<"}], 1b26 Jul 2024<78>{}system'


def test_the_plain_template():
    whole = "Be kind.\n\nUser:\nHi\n\nAssistant:\nHello</s>\n\nUser:\nWho\nare you?\n\n"
    plain = chat_template.plain(has_bos=False)
    assert rendered(plain, generation=False, eos_token="</s>") == whole
    assert rendered(plain, eos_token="</s>") == whole + "Assistant:\n"
    with_bos = chat_template.plain(has_bos=True)
    assert rendered(with_bos, TALK[1:2], bos_token="<s>") == "<s>User:\nHi\n\nAssistant:\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{% for %}", "cannot be read: TemplateSyntaxError: Expected an expression"),
        ("{{ 'a' | center(9) }}", "cannot be read: TemplateAssertionError: No filter named 'cen"),
        ("{{ raise_exception('be polite') }}", "refuses these messages: be polite"),
        ("{{ messages[9].content.x }}", "cannot be applied: UndefinedError: "),
        ("{{ messages[0].update(role='x') }}", "cannot be applied: SecurityError: "),
        ("{{ messages.sort() }}", "cannot be applied: SecurityError: "),
        ("{{ strftime_now.__self__.year }}", "cannot be applied: SecurityError: "),
        ("{{ messages.append(1) }}", "cannot be applied: SecurityError: "),
        ("{{ messages.__class__.__base__ }}", "cannot be applied: SecurityError: "),
        ("{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}", "cannot be applied: RecursionError"),
        ("{% for i in range(9999) %}" * 3 + "{% endfor %}" * 3, "takes more than 1,048,576 steps"),
        (
            "{% set ns = namespace(x='ab') %}{% for i in range(99) %}"
            "{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
            "makes a text of more than 33,554,432 characters",
        ),
        ("{% for i in range(9999) %}" + "y" * 9999 + "{% endfor %}", "makes a text of more than"),
        ("{{ ('a' * 99999).replace('a', 'b' * 99999) }}", "makes a text of more than"),
        ("{{ [['a' * 99999] * 9999] | tojson }}", "makes a text of more than"),
        ("{{ messages[0].content.ljust(9999999999) }}", "gives a number above 1,048,576 to a fun"),
        ("{{ '{:>999999999999}'.format(1) }}", "formats a text by more than {}, {0} and {name}"),
        ("{{ '{0.real}{0[0]}'.format(1) }}", "formats a text by more than {}, {0} and {name}"),
        ("{{ ('{0}' * 99999).format('a' * 99999) }}", "makes a text of more than"),
        ("{{ '{x}'.format_map({'x': 1}) }}", "cannot be applied: SecurityError: "),
        ("{{ messages[0].content % 1 }}", "formats a text by %"),
        ("{{ messages | length ** 99999 }}", "makes a number of more than 4,096 bits"),
        ("x" * (1 << 19), "has 524,288 characters; expected 262,144 at most"),
    ],
)
def test_a_template_that_cannot_be_applied_is_one_line(source, said):
    with pytest.raises(errors.UserError) as caught:
        rendered(source)
    assert str(caught.value).startswith("a model: the chat template ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


_TWICE = "{% set a = [1] %}{% set b = [1] %}" + "{% set a = [a, a] %}{% set b = [b, b] %}" * 60
_BOXED = "{% set n = namespace(x=[]) %}" + "{% set n = namespace(x=[n, n]) %}" * 60


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (_TWICE + "{{ a == b }}", "spells a list or mapping of more than 65,536 parts"),
        (_TWICE.replace("[", "(").replace("]", ",)") + "{{ {a: 1} }}", "more than 65,536 parts"),
        (_BOXED + "{{ n }}", "more than 65,536 parts"),
        ("{% set x = 2 %}" + "{% set x = x ** 64 %}" * 6, "a number of more than 4,096 bits"),
        ("{{ ([[1]] * 9999) | sum(start=[]) }}", "adds up what are no numbers"),
        ("{% for m in messages recursive %}{{ loop(messages) }}{% endfor %}", "RecursionError"),
    ],
    ids=["comparison", "hash", "writing", "power", "sum", "recursion"],
)
def test_what_runs_away_is_stopped_in_this_process(source, said):
    began = time.process_time()
    with pytest.raises(errors.UserError, match=said):
        rendered(source)
    assert time.process_time() - began < 5


def test_a_template_may_define_what_it_calls():
    source = (
        "{% macro say(m, end='.') %}{{ m.content | trim }}{{ end }}{% endmacro %}"
        "{% set parts = namespace(all=[]) %}{% for m in messages[1:] %}"
        "{% set parts.all = parts.all + [(m.role, say(m, end=loop.cycle('!', '?')))] %}{% endfor %}"
        "{% set comma = joiner(', ') %}{% for role, said in parts.all %}{{ comma() }}{{ role[0] }} "
        "{{ said }}{% endfor %}{{ {'a': 1}.items() | list }}{{ [3, 4] | sum }}"
        "{{ ('x' | safe).upper() }}{% block b %}{% endblock %}{{ self.b() }}"
    )
    assert rendered(source) == "u Hi!, a Hello?, u Who\nare you?![('a', 1)]7X"


def test_time_is_bounded(monkeypatch):
    now = iter(range(0, 1000, 6))
    monkeypatch.setattr(jinja_sandbox.time, "monotonic", lambda: next(now))
    with pytest.raises(errors.UserError, match="takes longer than 10 s"):
        rendered("{% for m in messages %}{{ m.role }}{% endfor %}")


def test_what_a_message_says_is_never_run():
    said = [{"role": "user", "content": "{{ raise_exception('no') }}{% for %}"}]
    assert rendered("{{ messages[0].content }}", said) == said[0]["content"]
