import pytest

from flanlike.sources import bounded_jinja

ROW = {"premise": "It rains.", "answers": {"text": ["yes", "no"], "n": None}, "label": 1}


def rendered(source, **more):
    return bounded_jinja.rendered(source, ROW, seed=7, **more)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ premise }} {{ answers.text[label] | upper }}", "It rains. NO"),
        ("{{ answers['text'] | join(' or ') }}{{ answers.missing }}", "yes or no"),
        ("{% for each in answers.text %}{{ loop.index }}{{ each }}{% endfor %}", "1yes2no"),
        ("{% set a = [] %}{{ a.append(premise.split(' ')[0]) or '' }}{{ a[0].lower() }}", "it"),
        ("{% set n = namespace(x=1) %}{% set n.x = 2 %}{{ n.x }}{{ zip('a', 'b') | list }}",
         "2[('a', 'b')]"),
        ("{{ ['a', 'b', 'a'] | most_frequent }}{{ range(3) | sum }}", "['a']3"),
        ("{% if other is defined %}x{% endif %}Ünï", "Ünï"),
    ],
)  # fmt: skip
def test_a_template_reads_its_row_and_calls_what_is_listed(source, text):
    assert rendered(source) == text


def test_a_template_changes_no_row():
    assert rendered("{{ answers.text.append('x') }}{{ answers.update(n=1) }}") == "NoneNone"
    assert ROW["answers"] == {"text": ["yes", "no"], "n": None}


def test_what_is_drawn_is_a_function_of_the_seed():
    source = "{{ ['a', 'b', 'c'] | choice }}"
    draws = {bounded_jinja.rendered(source, {}, seed=seed) for seed in range(20)}
    assert draws == {"a", "b", "c"}
    source = "{{ choice(range(1000)) }} {{ range(1000) | choice }} {{ range(1000) | random }}"
    draws = [bounded_jinja.rendered(source, {}, seed=seed) for seed in (1, 2, 1)]
    assert draws[0] == draws[2] != draws[1]
    assert len(set(draws[0].split())) == 3


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("{{ premis }}", "'premis' is undefined"),
        ("{% for x in premis %}{% endfor %}", "'premis' is undefined"),
        ("{% if premis %}{% endif %}", "'premis' is undefined"),
        ("{{ premise.__class__ }}", "'__class__' of 'str' object is unsafe"),
        ("{{ premise.__class__.__mro__ }}", "'__class__' of 'str' object is unsafe"),
        ("{{ '{0.__class__}'.format(1) }}", "not safely callable"),
        ("{{ namespace.__init__.__globals__ }}", "unsafe"),
        ("{{ choice.__globals__['sys'] }}", "unsafe"),
        ("{% set n = namespace() %}{{ n.__class__.__mro__ }}", "unsafe"),
        ("{{ range.__self__.x }}", "unsafe|no attribute"),
        ("{{ lipsum(5) }}", "lipsum|not safely callable"),
        ("{% include '/etc/passwd' %}", "no loader"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "not safely callable"),
        ("{{ premise", "unexpected end of template"),
        ("{{ 1 // 0 }}", "zero"),
        ("{{ choice([]) }}", "."),
        ("{% for i in range(10**9) %}{% endfor %}", "Range too big"),
        ("{% for i in range(99999) %}{{ 'x' * 99 }}{% endfor %}", "more than 4,000,000 characters"),
        ("{{ 'x' * 10 ** 10 }}", "more memory"),
    ],
)  # fmt: skip
def test_all_else_is_refused_and_the_next_template_is_rendered(source, wrong):
    with pytest.raises(bounded_jinja.BadTemplate, match=wrong):
        rendered(source)
    assert rendered("{{ label }}") == "1"


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% set a = [1] %}{% set b = [1] %}"
        + "{% set a = [a, a] %}{% set b = [b, b] %}" * 60
        + "{{ a == b }}",
    ],
    ids=["loops", "comparison"],
)
def test_what_runs_away_is_stopped_and_the_next_template_is_rendered(source):
    with pytest.raises(bounded_jinja.BadTemplate, match="more than 0.3 seconds, and was stopped"):
        rendered(source, seconds=0.3)
    assert rendered("{{ label }}") == "1"


def test_the_names_that_a_template_reads_are_told():
    source = "{% set a = b %}{{ a }}{{ c.d }}{{ range(e) }}{{ choice(f) }}"
    assert bounded_jinja.names(source) == {"b", "c", "e", "f"}
    with pytest.raises(bounded_jinja.BadTemplate):
        bounded_jinja.names("{% if %}")
