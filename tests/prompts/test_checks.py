import dataclasses

import template_toys as toys

from flanlike.prompts import checks
from flanlike.tasks import layouts, task, templates

GOOD = {"premise": "It rains.", "hypothesis": "It is dry.", "label": 1}
CHOICES = {"question": "What flies?", "options": ["eel", "owl"], "label": 1}


def template_set(*inputs, **changes):
    return templates.TemplateSet(
        templates=tuple(
            templates.Template(id=f"t{i}", kind="forward", input=text, target="{answer}", **changes)
            for i, text in enumerate(inputs)
        ),
        layout=layouts.Layout(),
    )


ENOUGH = template_set(*(f"{i} {{premise}} {i} {{hypothesis}}\n{{options}}" for i in range(10)))


def test_a_good_task_has_no_problems():
    assert checks.check_task(toys.task_of(), ENOUGH, [GOOD, GOOD | {"label": 0}]) == []


def test_too_few_templates_are_a_problem():
    few = template_set("Is it so? {premise}", "{hypothesis}")
    assert checks.check_task(toys.task_of(), few, [GOOD]) == [
        "task 'toy': 2 templates; expected 10 or more",
        "task 'toy': 2 templates of kind 'forward' or 'cot'; expected 7 or more",
    ]


def test_a_task_with_a_rationale_needs_a_cot_template():
    of = toys.task_of(fields=("question", "rationale"), answers=task.Choices())
    found = checks.check_task(of, template_set(*(f"{i} {i} {{question}}" for i in range(10))), [])
    assert found == [
        "task 'toy': has a rationale but no template of kind 'cot'",
        "task 'toy': no records to check it with",
    ]


def test_a_mark_behind_a_field_that_ends_in_one_is_a_problem():
    def doubled(text, *records):
        found = checks.check_task(toys.task_of(), template_set(text), records)
        return [problem for problem in found if "mark of its own" in problem]

    assert doubled("Say: {premise}.", GOOD) == [
        "task 'toy', template 't0': '.' stands behind {premise}, which ends in a mark of its own, "
        "as 'It rains.': leave one out"
    ]
    bare = GOOD | {"premise": "It rains"}
    assert doubled("Say: {premise}.", GOOD, GOOD, bare)
    assert not doubled("Say: {premise}.", GOOD, bare)
    assert not doubled('Say: "{premise}".', GOOD) and not doubled("{premise}", GOOD)


def test_templates_that_differ_in_one_word_are_a_problem():
    def alike(one, two):
        found = checks.check_task(toys.task_of(), template_set(one, two), [GOOD])
        return [problem for problem in found if "differ in a word at most" in problem]

    assert alike("Is {premise} true?", "Is {premise} right?") == [
        "task 'toy': templates 't0' and 't1' differ in a word at most; "
        "word one of them in another way"
    ]
    assert alike("Is {premise} true?", "So is {premise} true?")
    assert alike("Is {premise} true?", "Is: {premise} TRUE")
    assert not alike("Is {premise} true?", "Was {premise} right?")
    assert not alike("Is {premise} true?", "True: {premise}")


def problems(record, **changes):
    return checks.check_task(toys.task_of(**changes), ENOUGH, [record])


def test_records_are_checked_against_the_task():
    where = "task 'toy', record 0: "
    assert problems(GOOD | {"premise": " "}) == [
        where + "field 'premise' is ' '; expected text that is not empty"
    ]
    assert problems(GOOD | {"label": 2}) == [
        where + "label is 2; expected an index into ['yes', 'no']"
    ]
    assert problems({"label": 0, "premise": "a"}) == [
        where + "field 'hypothesis' is None; expected text that is not empty"
    ]
    choices = {"answers": task.Choices(), "fields": ("question",)}
    assert problems(CHOICES | {"options": ["owl", "owl"]}, **choices) == [
        where + "options are ['owl', 'owl']; expected two or more, all different"
    ]
    free = {"answers": task.FreeText(), "fields": ("question",)}
    assert problems({"question": "Who?", "references": [""]}, **free) == [
        where + "references are ['']: one is ''; expected text that is not empty"
    ]


def test_renderings_are_checked():
    clash = toys.task_of(fields=("premise",))
    worded = template_set(
        *(f"{i} {i} {{premise}}" for i in range(10)),
        answers={"entailment": "yes", "not_entailment": "yes"},
    )
    found = checks.check_task(clash, worded, [GOOD])
    assert len(found) == 10
    assert found[0] == (
        "task 'toy', template 't0', record 0, dashes options: "
        "options ('yes', 'yes') are not all different"
    )


def test_options_that_are_named_by_letter_are_found_in_letters():
    of = toys.task_of(answers=task.Choices(), fields=("question",))
    found = template_set(*(f"{i} {{question}} {i} {i * i}\n{{options}}" for i in range(10)))
    record = {"question": "What flies?", "options": ["eel", "owl", "both A and B"], "label": 1}
    assert checks.check_task(of, found, [record]) == []


def test_templates_may_differ_in_what_they_show_of_the_task_itself():
    of = toys.task_of(
        fields=("premise", "shown"), answers=task.FreeText(), optional=("shown",),
        constant=("shown",),
    )  # fmt: skip
    both = template_set("{premise}\nWell?", "{shown}\n{premise}\nWell?")
    is_alike = [p for p in checks.check_task(of, both, []) if "differ in a word" in p]
    assert is_alike == []
    of = dataclasses.replace(of, constant=())
    assert [p for p in checks.check_task(of, both, []) if "differ in a word" in p]


def test_one_template_is_checked_alone_among_the_others():
    found = template_set(
        "Is {premise} true?", "Is {premise} right?", "TODO {premise}", "So be it, {premise}!"
    )
    said = [checks.check_template(toys.task_of(), found, one, [GOOD]) for one in found.templates]
    assert [len(lines) for lines in said] == [1, 1, 1, 0]
    assert said[0] == said[1] and "differ in a word" in said[0][0]
    assert said[2] == ["task 'toy', template 't2': still says TODO"]
    worded = toys.task_of(is_worded=True)
    assert checks.check_template(worded, found, found.templates[0], [GOOD]) == []
