import pytest
import written_toys

import task_registry
from eval import answers, metrics, normal_forms
from flanlike.prompts import render
from flanlike.sources import opening
from flanlike.tasks import task as tasks


def prompt_of(*options):
    return tasks.Prompt(
        inputs="?",
        targets=options[0],
        options=options,
        label_of_option=tuple(reversed(range(len(options)))),
        gold=0,
        references=(options[0],),
        provenance=None,
    )


@pytest.mark.parametrize(
    ("options", "text", "place"),
    [
        (("yes", "no"), " Yes.", 0),
        (("the owl", "an eel"), "Eel", 1),
        (("-4", "4"), "-4", 0),  # which differ in a mark alone
        (("-4", "4"), "4", 1),
        (("-4", "4"), "4.", 1),
        (("+", "-"), "-", 1),
        (("(A)", "(B)"), "A", 0),  # a letter is no article here
        (("A", "B"), "a.", 0),
        (("1", "2"), "2)", 1),
        (("A", "a"), "a", 1),
    ],
)
def test_a_text_is_the_option_that_it_repeats(options, text, place):
    assert answers.label_said(prompt_of(*options), text) == len(options) - 1 - place


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("A", "B"), ""),
        (("(A)", "(B)"), " ... "),
        (("(A)", "(B)"), "The"),
        (("the owl", "an owl"), "owl"),  # either
        (("yes", "no"), "yes and no"),
    ],
)
def test_a_text_that_names_no_option_or_two_is_no_answer(options, text):
    assert answers.label_said(prompt_of(*options), text) == answers.NO_ANSWER


@pytest.mark.parametrize(
    ("target", "text", "answer"),
    [
        ("{answer}\n{rationale}", "yes\nNo fish can.", "yes"),
        ("{answer}, because {rationale}", "the owl, because it flies, because", "the owl"),
        ("Answer: {answer}\nWhy: {rationale}", "Answer: no\nWhy: yes-men lose.", "no"),
        ("Answer: {answer}\nWhy: {rationale}", "no\nFish swim.", "no"),
        (
            "{rationale}\nAnswer: {answer}",
            "Fish swim.\n**Answer:** no\n\nQ: Why?\nAnswer: yes",
            "no",
        ),
        ("{rationale}\nIt is {answer}", "Fish swim. So the answer is no", "no"),
        ("{rationale}\nIt is {answer}", "Fish swim.\nno", "no"),
        ("{rationale}\nIt is {answer}", "No.\nA fish has fins and no hands.", "all of it"),
    ],
)
def test_the_answer_stands_where_the_target_puts_it(target, text, answer):
    assert answers.after_rationale(target, text) == (text if answer == "all of it" else answer)


@pytest.mark.parametrize(
    ("target", "text", "span"),
    [
        ("{answer}", "Paris", "Paris"),
        ("{answer}", '"Paris"', "Paris"),
        ("{answer}", "A: Paris", "Paris"),
        ("{answer}", "Answer: **Paris**", "Paris"),
        ("{answer}", "The answer is Paris.", "Paris."),
        ("{answer}", "The answer to the question is: Paris", "Paris"),
        ("{answer}", "Paris. It lies on the Seine.", "Paris."),
        ("{answer}", "Paris, because it is the capital", "Paris"),
        ("{answer}", "Paris\n\nQ: And of Italy?\nA: Rome", "Paris"),
        ("{answer}", "Paris\nQuestion 2: And of Italy?", "Paris"),
        ("{answer}", "\\boxed{\\text{Paris}}", "Paris"),
        ("{answer}", "St. Louis", "St. Louis"),
        ("{answer}", "because of the rain", "because of the rain"),
        ("{answer}", "in 1.5 years", "in 1.5 years"),
        ("{rationale}\nIt is {answer}", "The Seine is near.\nIt is Paris\nIndeed.", "Paris"),
        ("{rationale}\nIt is {answer}", "The Seine is near.\nParis", "Paris"),
        ("{answer}\n{rationale}", "Paris\nThe Seine is near.", "Paris"),
        ("{answer}", " \n", ""),
    ],
)
def test_spans(target, text, span):
    assert answers.span_said(target, text) == span


def test_spans_in_the_many_ways_in_which_models_write_them():
    texts = [(text, span or "") for text, span in written_toys.written("span")]
    said = [(text, answers.span_said("{answer}", text)) for text, _ in texts]
    assert _as_compared(said) == _as_compared(texts)


def _as_compared(texts):
    return [(text, normal_forms.squad(span)) for text, span in texts]


def test_a_free_text_loses_what_comes_after_it_and_nothing_of_its_own():
    texts = written_toys.written("text")
    assert [(text, answers.after_rationale("{answer}", text)) for text, _ in texts] == texts


def free_text(metric):
    return tasks.Task(
        name="toy",
        cluster="math",
        fields=("question",),
        answers=tasks.FreeText(),
        metrics=(metric,),
        templates="toy",
    )


@pytest.mark.parametrize(
    ("metric", "read", "unparsed"),
    [
        ("number_match", ("12", "I do not know."), (False, True)),
        ("squad_em", ("12, a dozen", "I do not know."), (False, False)),
        ("rouge1", ("It rains.\nThe answer is 12, a dozen", "I do not know."), (False, False)),
    ],
)
def test_the_headline_metric_says_what_is_looked_for(metric, read, unparsed):
    texts = ["It rains.\nThe answer is 12, a dozen", "I do not know."]
    records = [{"references": ["12"]}] * 2
    found = answers.from_generated(free_text(metric), records, [None] * 2, "{answer}", texts)
    assert found.predicted_texts == read
    assert found.unparsed == unparsed


@pytest.mark.parametrize("metric", ["number_match", "squad_em", "rouge1"])
def test_a_text_of_blanks_holds_no_answer(metric):
    records = [{"references": ["12"]}]
    found = answers.from_generated(free_text(metric), records, [None], "{answer}", [" \n "])
    assert found.unparsed == (True,)


def test_what_every_template_asks_for_is_read_also_with_a_next_question_behind_it():
    registry = task_registry.registry()
    for name in registry.task_names:
        task, found = registry.task(name), registry.templates(name)
        if opening.availability(task, "embedded"):
            continue
        rows = opening.open_rows(task, "embedded", "test")
        records = [rows[0], rows[1]]
        for number, template in enumerate((*found.forward, *found.cot)):
            styles = found.layout.option_styles if template.shows_options else [None]
            style = styles[number % len(styles)]
            prompts = [
                render.render(
                    task,
                    template,
                    record,
                    layout=found.layout,
                    source="embedded",
                    split="test",
                    row_id=f"test/{row}",
                    seed=number,
                    option_style=style.name if style else None,
                )
                for row, record in enumerate(records)
            ]
            is_text = isinstance(task.answers, tasks.FreeText)
            is_as_it_is = is_text and metrics.known(task.metrics[0]).reads == "text"
            after = "" if is_as_it_is else "\n\nQ: What else?\nA: It rains, says 7."
            texts = [prompt.targets + after for prompt in prompts]
            said = answers.from_generated(task, records, prompts, template.target, texts)
            assert not any(said.unparsed), (name, template.id)
            if is_text:
                headline = metrics.of_answers(task.metrics, said)[0]  # programs are not run here
                value = metrics.compute(headline, said)
                assert value > 0.99 or headline == "bleu", (name, template.id)
            else:
                assert said.predicted == said.gold, (name, template.id)
