"""What a task must not be made of."""

import pytest
import template_toys as toys

from flanlike.tasks import task


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "A task"}, "task name 'A task' must match"),
        ({"name": None}, "task name None must match"),
        ({"cluster": None}, "task 'toy': cluster is None; expected text"),
        ({"templates": 3}, "task 'toy': templates is 3; expected text"),
        ({"fields": "report"}, "task 'toy': fields is 'report'; expected a tuple of texts"),
        ({"fields": ()}, r"task 'toy': fields is \(\); expected a tuple of texts"),
        ({"fields": ("a", None)}, r"task 'toy': fields is \('a', None\): one is None; expected te"),
        ({"fields": ("a", "label")}, r"task 'toy': \['label'\] are reserved, not fields"),
        ({"metrics": "accuracy"}, "task 'toy': metrics is 'accuracy'; expected a tuple of texts"),
        (
            {"answers": ("yes", "no")},
            r"answers is \('yes', 'no'\); expected Labels\(...\), Choices",
        ),
        ({"answers": task.Labels}, r"answers is <class .*; expected Labels\(...\), Choices\(\) or"),
        ({"unlabelled": ["mood"]}, r"task 'toy': unlabelled is \['mood'\]; expected a dict"),
        ({"preprocess": "to_record"}, "task 'toy': preprocess is 'to_record'; expected a function"),
        ({"optional": ("title",)}, r"task 'toy': optional names \['title'\]; expected some of"),
        (
            {"fields": ("premise", "rationale"), "optional": ("rationale",)},
            r"optional is \('rationale',\); expected a field that is not, and no rationale, but",
        ),
        ({"read_exemplars": "file"}, "read_exemplars is 'file'; expected a function"),
        ({"optional": "premise"}, "task 'toy': optional is 'premise'; expected a tuple of texts"),
        ({"label_columns": {"label": "no"}}, r"label_columns\['label'\] is 'no'; expected a tuple"),
        ({"label_columns": {"label": None}}, r"label_columns\['label'\] is None; expected a tupl"),
        ({"unlabelled": {"label": b"-"}}, r"unlabelled\['label'\] is b'-'; expected what a row"),
        ({"unlabelled": {0: -1}}, "unlabelled has the key 0; expected texts"),
        ({"origins": "squad"}, "origins is 'squad'; expected a tuple of texts"),
        ({"constant": "premise"}, "constant is 'premise'; expected a tuple of texts"),
        ({"splits": {"train": 5}}, r"splits\['train'\] is 5; expected 'train'"),
        ({"cut": "end"}, "cut is 'end'; expected a dict"),
        ({"option_style": 5}, "option_style is 5; expected text"),
        ({"homepage": None}, "homepage is None; expected text"),
        ({"hub": "glue"}, r"hub is 'glue'; expected HubSource\(...\), or None"),
        ({"file": "rows.csv"}, r"file is 'rows.csv'; expected FileSource\(...\), or None"),
        ({"max_new_tokens": True}, "task 'toy': max_new_tokens is True; expected 1 or more"),
        ({"max_new_tokens": 0}, "task 'toy': max_new_tokens is 0; expected 1 or more, or None"),
    ],
)
def test_a_task_that_cannot_be_says_why(changes, message):
    with pytest.raises(ValueError, match=message):
        toys.task_of(**changes)


def test_names_of_a_hubs_labels_are_no_letters():
    with pytest.raises(ValueError, match=r"labels\['label'\] is 'no'; expected a tuple of texts"):
        task.HubSource(repo="a/toy", labels={"label": "no"})


def test_a_task_that_is_only_evaluated_may_lack_rationales():
    made = toys.task_of(
        fields=("premise", "rationale"), optional=("rationale",), splits={"test": "test"}
    )
    assert made.is_evaluation_only and not made.has_own_exemplars
    assert toys.task_of(splits={"exemplars": "dev", "test": "test"}).has_own_exemplars


@pytest.mark.parametrize(
    ("names", "words", "message"),
    [
        ("ab", ("a", "b"), "labels: names is 'ab'; expected a tuple of texts"),
        (("a", "b"), "ab", "labels: words is 'ab'; expected a tuple of texts"),
        (("a", "b"), ("a", None), r"labels: words is \('a', None\): one is None; expected text"),
        (("a", "b"), ("a", " "), r"labels: words is \('a', ' '\): one is ' '; expected text"),
        (("a", "b"), ("a", "\ud83d"), "labels: words is .*: one has half of a surrogate pair"),
        (("a", "b"), ("a", "a"), "need one distinct word each"),
        (("a", "b"), ("a", "a "), "need one distinct word each"),
        (("a", "b"), ("a",), "need one distinct word each"),
    ],
)
def test_labels_that_cannot_be_say_why(names, words, message):
    with pytest.raises(ValueError, match=message):
        task.Labels(names=names, words=words)
