import collections
import dataclasses

import pytest
import template_toys as toys

from flanlike import errors, seeding
from flanlike.prompts import render
from flanlike.tasks import layouts, task

RECORD = {"premise": "It rains.", "hypothesis": "It is dry.", "label": 1}
OTHER = {"premise": "It snows.", "hypothesis": "It is cold.", "label": 0}
CHOICES = {"question": "What flies?", "options": ["eel", "owl", "ant"], "label": 1}
LAYOUT = layouts.Layout()
SHOWN = "{premise}\nIs this true? {hypothesis}\n\n{options}"


def rendered(template, record=RECORD, of=None, **changes):
    values = {
        "layout": LAYOUT,
        "source": "embedded",
        "split": "train",
        "row_id": "train/0",
        "seed": 0,
    } | changes
    return render.render(of or toys.task_of(), template, record, **values)


def seed_for(template, options, **changes):
    """Returns the first seed that shows the options in this order."""
    return next(
        seed for seed in range(99) if rendered(template, seed=seed, **changes).options == options
    )


def test_labels_are_shown_in_a_drawn_order_and_the_gold_one_is_tracked():
    template = toys.template_of(SHOWN)
    prompt = rendered(template, seed=seed_for(template, ("no", "yes")))
    assert prompt == task.Prompt(
        inputs="It rains.\nIs this true? It is dry.\n\nOptions:\n- no\n- yes",
        targets="no",
        options=("no", "yes"),
        label_of_option=(1, 0),
        gold=0,
        references=("no",),
        provenance=task.Provenance(
            task="toy",
            source="embedded",
            split="train",
            row_id="train/0",
            template="toy",
            kind="forward",
            shots=0,
            shows_options=True,
            option_style="dashes",
            seed=prompt.provenance.seed,
        ),
    )
    other = rendered(template, seed=seed_for(template, ("yes", "no")))
    assert other.inputs.endswith("Options:\n- yes\n- no")
    assert (other.gold, other.label_of_option, other.targets) == (1, (0, 1), "no")


def test_a_template_with_words_of_its_own_shows_and_scores_those():
    template = toys.template_of(
        target="It is {answer}.", answers={"entailment": "right", "not_entailment": "wrong"}
    )
    prompt = rendered(template)
    assert prompt.inputs == "It rains. It is dry."
    assert prompt.targets == "It is wrong."
    assert sorted(prompt.options) == ["right", "wrong"]
    assert prompt.options[prompt.gold] == "wrong"
    assert prompt.references == ("wrong",)
    assert not prompt.provenance.shows_options


def test_a_record_brings_its_own_options():
    of = toys.task_of(answers=task.Choices(), fields=("question",))
    prompt = rendered(toys.template_of("{options}\n\n{question}"), CHOICES, of, seed=5)
    assert sorted(prompt.options) == ["ant", "eel", "owl"]
    assert [CHOICES["options"][label] for label in prompt.label_of_option] == list(prompt.options)
    assert (prompt.options[prompt.gold], prompt.targets) == ("owl", "owl")
    listed = "\n".join(f"- {option}" for option in prompt.options)
    assert prompt.inputs == f"Options:\n{listed}\n\nWhat flies?"


def test_every_order_of_options_is_drawn_equally_often():
    of = toys.task_of(answers=task.Choices(), fields=("question",))
    template = toys.template_of("{question}\n{options}")
    seen = collections.Counter(
        rendered(template, CHOICES, of, seed=seeding.key(i)).label_of_option for i in range(3000)
    )
    assert len(seen) == 6
    assert all(400 < count < 600 for count in seen.values())


def test_free_text_has_references_and_no_options():
    of = toys.task_of(answers=task.FreeText(), fields=("question",))
    record = {"question": "Who?", "references": ["Ada", "Ada B."]}
    prompt = rendered(toys.template_of("{question}"), record, of)
    assert (prompt.targets, prompt.references) == ("Ada", ("Ada", "Ada B."))
    assert (prompt.options, prompt.label_of_option, prompt.gold) == ((), (), None)


def test_a_cot_target_has_the_rationale_and_keeps_the_options():
    of = toys.task_of(answers=task.Choices(), fields=("question", "rationale"))
    record = CHOICES | {"rationale": "Owls have wings."}
    template = toys.template_of("{question}", "{rationale}\nSo: {answer}", kind="cot")
    prompt = rendered(template, record, of)
    assert prompt.targets == "Owls have wings.\nSo: owl"
    assert prompt.options[prompt.gold] == "owl"
    assert prompt.references == ("owl",)


def test_an_inverted_prompt_has_its_target_for_reference_and_nothing_to_choose_from():
    template = toys.template_of("{premise} {answer}", "{hypothesis}", kind="inverted")
    prompt = rendered(template)
    assert (prompt.inputs, prompt.targets) == ("It rains. no", "It is dry.")
    assert (prompt.options, prompt.label_of_option, prompt.gold) == ((), (), None)
    assert prompt.references == ("It is dry.",)


LETTERS = layouts.OptionStyle(
    name="letters", item="({label}) {text}", labels="letters", answer="({label})"
)
STYLED = layouts.Layout(option_styles=(layouts.OptionStyle(), LETTERS))


def test_a_style_may_ask_for_the_label_of_an_option():
    template = toys.template_of(SHOWN, target="It is {answer}.")
    letters = {"layout": STYLED, "option_style": "letters"}
    seed = next(
        s for s in range(99) if rendered(template, seed=s, layout=STYLED).options == ("yes", "no")
    )
    prompt = rendered(template, seed=seed, **letters)
    assert prompt.inputs.endswith("Options:\n(A) yes\n(B) no")
    assert (prompt.targets, prompt.references) == ("It is (B).", ("(B)",))
    assert (prompt.options, prompt.gold, prompt.label_of_option) == (("(A)", "(B)"), 1, (0, 1))
    assert prompt.provenance.option_style == "letters"


def test_without_a_list_there_is_nothing_to_label():
    letters = {"layout": STYLED, "option_style": "letters"}
    prompt = rendered(toys.template_of(), **letters)
    assert (prompt.targets, prompt.provenance.option_style) == ("no", "")
    turned = toys.template_of("{answer}: {premise}\n{options}", "{hypothesis}", "inverted")
    prompt = rendered(turned, **letters)
    assert prompt.inputs.startswith("no: It rains.\nOptions:\n(A) ")
    controls = rendered(toys.template_of(SHOWN), style="inputs-only", **letters)
    assert controls.targets == "no"


def test_exemplars_have_the_style_of_the_query():
    exemplars = [render.Exemplar(record=OTHER, row_id="train/1")]
    letters = {"layout": STYLED, "option_style": "letters"}
    prompt = rendered(toys.template_of(SHOWN), exemplars=exemplars, **letters)
    assert prompt.inputs.count("Options:\n(A) ") == 2
    shown = prompt.inputs.split("\n\nIt rains.")[0]
    label = next(line[:3] for line in shown.split("\n") if line.endswith(") yes"))
    assert shown.split("\n")[-1] == label


def test_braces_in_a_record_are_text():
    prompt = rendered(toys.template_of(), RECORD | {"premise": "{hypothesis} {0} }"})
    assert prompt.inputs == "{hypothesis} {0} } It is dry."


def test_exemplars_come_before_the_query_in_the_same_template():
    exemplars = [render.Exemplar(record=OTHER, row_id="train/1")]
    prompt = rendered(toys.template_of("{premise} {hypothesis}"), exemplars=exemplars)
    assert prompt.inputs == "It snows. It is cold.\nyes\n\nIt rains. It is dry.\n"
    assert (prompt.targets, prompt.provenance.shots) == ("no", 1)


def test_delimiters_are_drawn_by_the_seed():
    layout = layouts.Layout(
        few_shot=(layouts.Delimiters(), layouts.Delimiters(between=" > ", after=" ; "))
    )
    exemplars = [render.Exemplar(record=OTHER, row_id="train/1")]
    seen = {
        rendered(toys.template_of(), layout=layout, exemplars=exemplars, seed=seed).inputs
        for seed in range(20)
    }
    assert seen == {
        "It snows. It is cold.\nyes\n\nIt rains. It is dry.\n",
        "It snows. It is cold. > yes ; It rains. It is dry. > ",
    }


def test_exemplars_are_dropped_from_the_end_until_the_prompt_fits():
    exemplars = [
        render.Exemplar(record=OTHER | {"premise": name}, row_id=name) for name in ("One", "Two")
    ]

    def at_most(words):
        return {"fits": lambda text: len(text.split()) <= words}

    prompt = rendered(toys.template_of(), exemplars=exemplars, **at_most(12))
    assert prompt.inputs == "One It is cold.\nyes\n\nIt rains. It is dry.\n"
    assert prompt.provenance.shots == 1
    prompt = rendered(toys.template_of(), exemplars=exemplars, **at_most(6))
    assert (prompt.inputs, prompt.provenance.shots) == ("It rains. It is dry.", 0)


def test_the_query_is_never_its_own_exemplar():
    exemplars = [render.Exemplar(record=RECORD, row_id="train/0")]
    with pytest.raises(ValueError, match="row 'train/0' is both the query and an exemplar"):
        rendered(toys.template_of(), exemplars=exemplars)


def test_controls_replace_the_input_and_never_the_target():
    template = toys.template_of(SHOWN, answers={"entailment": "true", "not_entailment": "false"})
    seed = seed_for(template, ("false", "true"))
    show = {
        style: rendered(template, seed=seed, style=style)
        for style in ("options-only", "task-name", "inputs-only")
    }
    assert show["options-only"].inputs == "It rains.\nIt is dry.\n\nOptions:\n- no\n- yes"
    assert show["task-name"].inputs == "toy\npremise: It rains.\nhypothesis: It is dry."
    assert show["inputs-only"].inputs == "It rains.\nIt is dry."
    assert {prompt.targets for prompt in show.values()} == {"no"}
    assert {prompt.options for prompt in show.values()} == {("no", "yes")}
    assert [prompt.provenance.shows_options for prompt in show.values()] == [True, False, False]


def test_controls_show_no_rationale_and_take_no_inverted_template():
    of = toys.task_of(answers=task.Choices(), fields=("question", "rationale"))
    record = CHOICES | {"rationale": "Owls have wings."}
    template = toys.template_of("{question}", "{rationale} {answer}", kind="cot")
    assert rendered(template, record, of, style="inputs-only").inputs == "What flies?"
    inverted = toys.template_of("{premise} {answer}", "{hypothesis}", kind="inverted")
    with pytest.raises(ValueError, match="its input would show what the target asks for"):
        rendered(inverted, style="task-name")
    with pytest.raises(errors.UserError, match="unknown style 'tasks-name': did you mean 'task-n"):
        rendered(template, record, of, style="tasks-name")


def test_a_record_without_a_field_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="task 'toy', template 'toy': the record has no 'hypoth"):
        rendered(toys.template_of(), {"premise": "It rains.", "label": 0})


def test_rows_come_in_a_random_order_each_as_often_at_each_place():
    assert sorted(render.in_random_order(4, 9, seed=0)) == [0, 1, 2, 3]
    assert len(list(render.in_random_order(50, 3, seed=0))) == 3
    assert list(render.in_random_order(0, 3, seed=0)) == []
    picked = [list(render.in_random_order(5, 2, seeding.key(i))) for i in range(3000)]
    assert picked[0] == list(render.in_random_order(5, 2, seeding.key(0)))
    for place in (0, 1):
        seen = collections.Counter(rows[place] for rows in picked)
        assert sorted(seen) == [0, 1, 2, 3, 4]
        assert all(500 < count < 700 for count in seen.values())
    assert all(len(set(rows)) == 2 for rows in picked)


POINTING = ["tea", "milk", "both A and B"]
QUESTION = task.Choices()


def asked(options=tuple(POINTING), label=2, seed=0, question="What is drunk?", **changes):
    of = toys.task_of(answers=QUESTION, fields=("question",))
    record = {"question": question, "options": list(options), "label": label}
    template = changes.pop("template", toys.template_of("{question}\n{options}"))
    return rendered(template, record, of, seed=seed, **changes)


@pytest.mark.parametrize("last", ["all of the above", "none of these", "B or C", "I and II only"])
def test_options_that_point_at_others_keep_their_order(last):
    for seed in range(20):
        for style in ("instructions", "options-only"):
            for template in (
                toys.template_of("{question}\n{options}"),
                toys.template_of("{question}"),
            ):
                prompt = asked(("x", "y", "z", last), 3, seed, template=template, style=style)
                assert (prompt.label_of_option, prompt.gold) == ((0, 1, 2, 3), 3)
    exemplars = [
        render.Exemplar(
            record={"question": f"Q{i}?", "options": ["x", "y", "z", last], "label": 0},
            row_id=f"r/{i}",
        )
        for i in range(6)
    ]
    prompt = asked(("p", "q"), 0, exemplars=exemplars)
    assert prompt.inputs.replace("(A) ", "- ").replace("(B) ", "- ").count("x\n") >= 6
    assert [line for line in prompt.inputs.split("\n") if line.endswith(last)]


def test_a_word_for_several_things_is_shuffled_like_any():
    seen = {asked(("tea", "milk", "neither"), seed=seed).label_of_option for seed in range(60)}
    assert len(seen) == 6


def test_options_that_are_named_by_letter_are_listed_with_letters():
    assert asked(seed=3).inputs == ("What is drunk?\nOptions:\n(A) tea\n(B) milk\n(C) both A and B")
    prompt = asked(layout=STYLED)
    assert prompt.provenance.option_style == "letters"
    again = asked(layout=STYLED, option_style="letters")
    assert again == prompt
    numbers = layouts.OptionStyle(name="numbers", item="{label}) {text}", labels="numbers")
    text = dataclasses.replace(LETTERS, name="letters_with_text", answer="{text}")
    layout = layouts.Layout(option_styles=(layouts.OptionStyle(), LETTERS, numbers, text))
    for style in (None, "numbers"):  # the target stays a text where it was one
        prompt = asked(layout=layout, option_style=style)
        assert prompt.provenance.option_style == "letters_with_text"
        assert (prompt.targets, prompt.inputs[-16:]) == ("both A and B", "(C) both A and B")
    plain = asked(("tea", "milk", "all of the above"))
    assert plain.inputs.endswith("- tea\n- milk\n- all of the above")


def test_one_record_that_names_letters_gives_all_of_its_prompt_letters():
    record = {"question": "Who?", "options": POINTING, "label": 0}
    exemplars = [render.Exemplar(record=record, row_id="train/9")]
    prompt = asked(("ant", "owl"), 0, exemplars=exemplars)
    assert "(A) tea\n(B) milk\n(C) both A and B" in prompt.inputs
    assert prompt.inputs.count("(A) ") == 2
    assert prompt.provenance.option_style == "lettered"
    assert asked(("ant", "owl"), 0, exemplars=exemplars, option_style="lettered") == prompt


def test_a_rationale_that_names_a_letter_keeps_order_and_letters():
    of = toys.task_of(answers=QUESTION, fields=("question", "rationale"))
    template = toys.template_of("{question}\n{options}", "{rationale}\nSo: {answer}", kind="cot")
    record = CHOICES | {"rationale": "An eel swims, so choice (B) is left."}
    for seed in range(9):
        prompt = rendered(template, record, of, seed=seed)
        assert "(A) eel\n(B) owl\n(C) ant" in prompt.inputs


def test_further_right_options_are_references_behind_the_target():
    of = toys.task_of(name="flies", fields=("question",), answers=task.Choices())
    template = toys.template_of("{question}\n\n{options}")
    record = CHOICES | {"also_right": [2]}
    prompt = rendered(template, record, of)
    assert prompt.references == ("owl", "ant") and prompt.targets == "owl"
    by_letter = rendered(template, record, of, option_style="lettered")
    shown = [by_letter.options.index(text) for text in by_letter.references]
    assert [by_letter.label_of_option[place] for place in shown] == [1, 2]
