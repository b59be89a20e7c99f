"""What FLAN's release got wrong in NLI, paraphrase, sentiment and acceptability, and must not be.

cb: an F1 of 0 for perfect answers, and contradiction read as neutral by its baseline. rte, anli,
cb: a stray letter after the hypothesis. stsb: no rank scoring, and halves rounded to even.
sentiment140: neutral tweets called negative. cola: a template that is there twice. yelp: classes
printed as "1" and "2".
"""

import re

import pytest
import source_toys
from registry_toys import REGISTRY, prompt_of

from eval import answers, metrics, scoring
from flanlike import errors
from flanlike.sources import opening
from flanlike.tasks import task as task_module

PREMISE = {"premise": "Ivo doubts that the mill burned.", "hypothesis": "the mill burned"}
OWN = [
    name
    for cluster in (
        "nli",
        "paraphrase",
        "sentiment",
        "question_classification",
        "linguistic_acceptability",
        "word_sense",
    )
    for name in REGISTRY.clusters[cluster]
]
NLI = [name for name in REGISTRY.clusters["nli"] if "hypothesis" in REGISTRY.task(name).fields]


def prompts(name: str, record: task_module.Record) -> list[task_module.Prompt]:
    """Returns the record under all forward and inverted templates of the task."""
    found = REGISTRY.templates(name)
    return [prompt_of(name, template, record) for template in (*found.forward, *found.inverted)]


def answered_perfectly(name: str, records: list[task_module.Record]) -> list[metrics.Answered]:
    """Returns, by template, what is read off a model that writes each prompt's own target."""
    found = []
    for template in REGISTRY.templates(name).forward:
        asked = [prompt_of(name, template, record) for record in records]
        said = [answers.after_rationale(template.target, one.targets) for one in asked]
        labels = [answers.label_said(one, text) for one, text in zip(asked, said, strict=True)]
        found.append(answers.from_labels(REGISTRY.task(name), records, labels))
    return found


def test_perfect_answers_to_cb_score_one_from_the_words_on():
    assert "mean_3class_f1" in REGISTRY.task("cb").metrics
    records = [PREMISE | {"label": label} for label in (0, 1, 2, 1)]
    for answered in answered_perfectly("cb", records):
        for metric in REGISTRY.task("cb").metrics:
            assert metrics.compute(metric, answered) == 1.0


@pytest.mark.parametrize("name", ["glue_mrpc", "glue_qqp"])
def test_perfect_answers_to_paraphrase_score_one_in_f1_and_accuracy(name):
    task = REGISTRY.task(name)
    assert set(task.metrics) == {"f1", "accuracy"}
    texts = dict.fromkeys(task.fields, "Is it cold?")
    records = [texts | {"label": label} for label in (0, 1)]
    for answered in answered_perfectly(name, records):
        assert [metrics.compute(metric, answered) for metric in task.metrics] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("label", "name", "word"),
    [(0, "entailment", "yes"), (1, "contradiction", "no"), (2, "neutral", "impossible to tell")],
)
def test_class_one_of_cb_is_a_contradiction(label, name, word, tmp_path):
    task = REGISTRY.task("cb")
    rows = [PREMISE | {"label": label}]
    source_toys.write_folder(tmp_path, "cb", train=rows, test=rows)
    record = opening.open_rows(task, str(tmp_path), "test")[0]
    assert task.answers.names[record["label"]] == name
    template = REGISTRY.templates("cb").get("options_then_question")
    assert prompt_of("cb", template, record).targets == word


@pytest.mark.parametrize("style", ["options-only", "task-name", "inputs-only"])
@pytest.mark.parametrize(("label", "word"), [(0, "yes"), (1, "no"), (2, "impossible to tell")])
def test_a_contradiction_of_cb_is_one_in_prompts_without_instructions_too(style, label, word):
    record = PREMISE | {"label": label}
    for template in REGISTRY.templates("cb").forward:
        asked = prompt_of("cb", template, record, style=style)
        assert asked.label_of_option[asked.gold] == label
        assert asked.options[asked.gold] == word and asked.targets.endswith(word)
        said = answers.label_said(asked, answers.after_rationale(template.target, asked.targets))
        assert said == label


@pytest.mark.parametrize("name", ["snli", "mnli_matched", "mnli_mismatched", "anli_r1", "sick"])
def test_class_one_of_the_other_three_way_tasks_is_neutral(name, tmp_path):
    rows = [PREMISE | {"label": 1}]
    source_toys.write_folder(tmp_path, name, train=rows, test=rows)
    record = opening.open_rows(REGISTRY.task(name), str(tmp_path), "test")[0]
    assert REGISTRY.task(name).answers.words[record["label"]] == "impossible to tell"


@pytest.mark.parametrize("name", NLI)
def test_nothing_is_left_over_behind_a_hypothesis(name):
    """What follows the hypothesis is the end, white space or a closing mark, never a letter."""
    for one in prompts(name, {"premise": "PREMISE.", "hypothesis": "HYPOTHESIS", "label": 0}):
        for text in (one.inputs, one.targets):
            for after in re.findall("HYPOTHESIS(.?)|PREMISE[.](.?)", text, re.DOTALL):
                assert "".join(after) in ("", "\n", " ", '"', "."), text


@pytest.mark.parametrize("name", OWN)
def test_no_letter_touches_a_field_and_no_two_templates_are_the_same(name):
    found = REGISTRY.templates(name).templates
    assert not [t.id for t in found if re.search(r"\w\{|\}\w", t.input + "\n" + t.target)]
    worded = [frozenset(re.findall(r"\{?\w+", t.input.lower())) for t in found]
    assert len(set(worded)) == len(found)


@pytest.mark.parametrize(("score", "word"), [(0.5, "1"), (1.5, "2"), (2.5, "3"), (2.4, "2")])
def test_halves_of_stsb_are_rounded_up_and_the_score_is_kept(score, word):
    task = REGISTRY.task("stsb")
    row = {"sentence1": "A boy runs.", "sentence2": "A child runs.", "label": score}
    record = task.preprocess(row)
    assert (task.answers.words[record["label"]], record["score"]) == (word, score)


def test_stsb_is_scored_by_rank_over_the_texts_of_its_options():
    task = REGISTRY.task("stsb")
    texts = {"sentence1": "A boy runs.", "sentence2": "A child runs."}
    records = [task.preprocess(texts | {"label": score}) for score in (0.0, 2.5, 5.0)]
    template = REGISTRY.templates("stsb").get("how_close")
    labels = []
    for record in records:
        asked = prompt_of("stsb", template, record)
        assert set(asked.options) == set(template.answers.values())
        nothing = (0.0,) * len(asked.options)
        scored = scoring.Options(
            log_probs=tuple(0.0 if o == asked.targets else -9.0 for o in asked.options),
            eos=nothing,
            tokens=(1,) * len(nothing),
            bytes=(1,) * len(nothing),
        )
        labels.append(asked.label_of_option[scoring.score(scored).choice])
    answered = answers.from_labels(task, records, labels)
    assert answered.predicted_numbers == (0.0, 3.0, 5.0)
    assert answered.gold_numbers == (0.0, 2.5, 5.0)
    assert metrics.compute("spearman", answered) == pytest.approx(1.0)
    assert metrics.compute("pearson", answered) > 0.99


def test_a_neutral_tweet_is_left_out_and_counted_and_never_negative(tmp_path):
    task = REGISTRY.task("sentiment140")
    rows = [{"text": f"tweet {polarity}", "polarity": polarity} for polarity in (4, 2, 0, 2)]
    source_toys.write_folder(tmp_path, "sentiment140", train=rows, test=rows)
    records = opening.open_rows(task, str(tmp_path), "test")
    assert (len(records), records.dropped) == (2, 2)
    assert [records[i] for i in (0, 1)] == [
        {"text": "tweet 4", "label": 1},
        {"text": "tweet 0", "label": 0},
    ]
    for column in ("polarity", "sentiment"):
        assert task.unlabelled[column] == 2
        with pytest.raises(ValueError, match="is 2; expected 0"):
            task.preprocess({"text": "so so", column: 2})


def test_a_question_pair_with_an_empty_question_is_left_out(tmp_path):
    rows = [{"question1": "Why?", "question2": text, "label": 0} for text in ("How?", "")]
    source_toys.write_folder(tmp_path, "glue_qqp", train=rows, test=rows)
    records = opening.open_rows(REGISTRY.task("glue_qqp"), str(tmp_path), "test")
    assert (len(records), records.dropped) == (1, 1)


def test_the_tokenized_text_of_paws_is_named_and_printed_plain():
    task = REGISTRY.task("paws_wiki")
    assert task.tfds.name == "paws_wiki/labeled_final_tokenized:1.1.0"
    stored = {"sentence1": "Lena 's cart , sold .", "sentence2": "Sold , Lena 's cart ."}
    texts = {"sentence1": "Lena's cart, sold.", "sentence2": "Sold, Lena's cart."}
    for label in ("0", "different_meaning"):
        assert task.preprocess(stored | {"label": label}) == texts | {"label": 0}
    for label in ("1", "paraphrase"):
        assert task.preprocess(stored | {"label": label}) == texts | {"label": 1}


@pytest.mark.parametrize(("name", "label"), [("1", 0), ("2", 1)])
def test_the_class_names_of_yelp_are_never_printed(name, label):
    record = REGISTRY.task("yelp_polarity_reviews").preprocess({"text": "Soup.", "label": name})
    assert record == {"text": "Soup.", "label": label}
    for one in prompts("yelp_polarity_reviews", record):
        assert not re.search(r"\b[12]\b", "\n".join((one.inputs, one.targets, *one.options)))


def test_an_unknown_label_is_an_error_with_its_place(tmp_path):
    rows = [PREMISE | {"label": "maybe"}]
    source_toys.write_folder(tmp_path, "cb", train=rows, test=rows)
    with pytest.raises(errors.UserError, match="unknown label 'maybe' in column 'label'"):
        opening.open_rows(REGISTRY.task("cb"), str(tmp_path), "test")
