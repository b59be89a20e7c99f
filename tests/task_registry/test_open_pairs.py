"""Pairs of real rows: both readings ask the same rows, answer each otherwise, and say the same
but for the instruction."""

import json

import pytest
import source_toys
import task_rows

import task_registry
from eval import questions, sampling
from flanlike import config, errors
from flanlike.mixtures import compose
from flanlike.prompts import checks, render
from flanlike.sources import opening
from flanlike.tasks import task
from task_registry import __main__ as command_line
from task_registry import open_pairs

REGISTRY = task_registry.registry()
PAIRS = {cluster: REGISTRY.clusters[cluster] for cluster in task.OPEN_PAIRS}

YELP, APP = "yelp_review_full_this_place", "app_reviews_convert_to_star_rating"
ASKED_OF_APPS = (
    "What would be the ★-rating of this review (★ being the lowest and ★★★★★ being the highest)?"
)
CAPTIONS = [
    {"premise": f"A man mends {n} carts.", "hypothesis": f"A man mends {n}.", "label": n % 3}
    for n in range(30)
]
TIMES = [
    {
        "sentence": f"Ada mended {n} carts.",
        "question": "How long did it take?" if n % 4 < 2 else "When did she do it?",
        "answer": f"{n} hours",
        "label": n % 2,
        "category": "Event Duration" if n % 4 < 2 else "Typical Time",
    }
    for n in range(32)
]
HOUSES = [
    {
        "meaning_representation": f"name[The Eel {n}], near[Mill House]",
        "target": f"The Eel {n} is near Mill House.",
        "references": [],
    }
    for n in range(10)
]


def prompt(template, text, completion):
    return {"template": template, "prompt": text, "completion": completion}


REVIEWS = [
    *(
        prompt(
            "imdb_Sentiment_with_choices_",
            f"Film {n}. \nIs this review positive or negative?",
            ("negative", "positive")[n % 2],
        )
        for n in range(8)
    ),
    *(
        prompt(YELP, f"Inn {n}. My rating for this place is", f"{n} star{'s' * (n > 1)}")
        for n in range(1, 6)
    ),
    *(prompt(APP, f'{ASKED_OF_APPS} "App {n}"', "★" * n) for n in range(1, 6)),
    prompt("imdb_Reviewer_Enjoyment", "Film 9. How does the reviewer feel?", "They loved it"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Returns a folder with rows for all pairs."""
    root = tmp_path_factory.mktemp("rows")
    source_toys.write_folder(root, "t0_sf", train=REVIEWS, validation=REVIEWS[:1])
    source_toys.write_folder(root, "snli", validation=CAPTIONS)
    source_toys.write_folder(root, "e2e_nlg", validation=HOUSES)
    source_toys.write_folder(root, "mc_taco", validation=TIMES)
    return str(root)


def opened(folder, cluster):
    return [opening.open_rows(REGISTRY.task(name), folder, "test") for name in PAIRS[cluster]]


@pytest.mark.parametrize("cluster", PAIRS)
def test_both_readings_ask_the_same_rows_and_answer_each_otherwise(folder, cluster):
    one, two = opened(folder, cluster)
    assert len(one) == len(two) > 5
    for index in range(len(one)):
        assert one.row_id(index) == two.row_id(index)
        first, second = one[index], two[index]
        assert first.pop("label") == 1 - second.pop("label")
        assert first == second
    asked = [[row for row, _ in sampling.sample(rows, 3).first(5)] for rows in (one, two)]
    assert asked[0] == asked[1] != [one.row_id(index) for index in range(len(asked[0]))]


@pytest.mark.parametrize("cluster", PAIRS)
def test_without_the_instruction_both_are_asked_the_same(folder, cluster):
    """So whoever answers by input and options is right on one of the two, on every row."""
    record = opened(folder, cluster)[0][0]
    for style in ("options-only", "inputs-only"):
        prompts = [said(name, record, style) for name in PAIRS[cluster]]
        assert prompts[0].inputs == prompts[1].inputs and prompts[0].options == prompts[1].options
    plain = [said(name, record, "instructions") for name in PAIRS[cluster]]
    assert plain[0].inputs != plain[1].inputs and plain[0].options == plain[1].options
    own = [REGISTRY.templates(name).templates for name in PAIRS[cluster]]
    assert not any(template.answers for templates in own for template in templates)


def said(name, record, style):
    return render.render(
        REGISTRY.task(name),
        REGISTRY.templates(name).forward[0],
        record,
        layout=REGISTRY.layout,
        source="made up",
        split="test",
        row_id="test/0",
        seed=7,
        style=style,
    )


@pytest.mark.parametrize("name", [name for names in PAIRS.values() for name in names])
def test_every_one_passes_check_task(name):
    record = dict(task_rows.LAYOUTS[name].record)
    assert checks.check_task(REGISTRY.task(name), REGISTRY.templates(name), [record] * 5) == []


def test_of_reviews_only_those_of_disliked_films_and_liked_places_and_apps_are_asked(folder):
    topic, tone = opened(folder, "review_pair")
    read = {topic[i]["review"]: (topic[i]["label"], tone[i]["label"]) for i in range(len(topic))}
    films = {f"Film {n}.": (1, 0) for n in (0, 2, 4, 6)}
    others = {text: (0, 1) for text in ("Inn 4.", "Inn 5.", "App 4", "App 5")}
    assert read == films | others
    assert topic.row_id(0) == "train/0" and topic.dropped == len(REVIEWS) - 8


def test_the_train_file_of_reviews_is_for_tests_alone(tmp_path):
    source_toys.write_folder(tmp_path, "t0_sf", validation=REVIEWS)
    review = REGISTRY.task("review_pair_tone")
    with pytest.raises(errors.UserError, match="t0_sf' has no train.jsonl or .* that 'test' could"):
        opening.open_rows(review, str(tmp_path), "test")
    assert opening.lacks_training(review, str(tmp_path)) == "it has no training split"


def test_a_prompt_of_another_wording_is_told():
    row = prompt(YELP, "Nice inn. I give it", "5 stars")
    with pytest.raises(ValueError, match="expected a review between '' and 'My rating for this pl"):
        REGISTRY.task("review_pair_tone").unusable(row)


@pytest.mark.parametrize(
    ("meaning", "texts", "expected"),
    [
        ("name[Eel], near[Mill]", ["Eel, a pub.", "Eel by the Mill."], "Eel by the Mill."),
        ("name[Eel], near[Mill]", ["Eel, a pub."], None),
        ("name[Eel], food[Italian]", ["Eel by the Mill."], None),
        ("name[Eel], near[Eel House]", ["Eel is near Eel House."], None),
    ],
)
def test_a_text_has_both_names_and_neither_is_part_of_the_other(meaning, texts, expected):
    near = REGISTRY.task("restaurant_pair_near")
    row = {"meaning_representation": meaning, "target": texts[0], "references": texts}
    assert near.unusable(row) is (expected is None)
    if expected:
        record = {"text": expected, "options": ["Eel", "Mill"], "label": 1}
        assert near.preprocess(row) == record


def test_they_are_a_mixture_that_is_evaluated_and_in_no_other(folder):
    pairs = REGISTRY.mixture("real_pairs")
    names = [builder.__name__ for builder in open_pairs.TASKS]
    assert list(compose.split_tasks(pairs, REGISTRY).evaluation) == pairs.task_names == names
    with pytest.raises(errors.UserError) as caught:
        compose.compose(pairs, REGISTRY, folder)
    assert str(caught.value).endswith(f"--mixture flan_core --hold-out {' '.join(PAIRS)}")
    for cluster, both in PAIRS.items():  # each by itself too
        assert compose.split_tasks(REGISTRY.mixture(cluster), REGISTRY).evaluation == tuple(both)
    apart = {"real_pairs", *task.OPEN_PAIRS}
    for name in set(REGISTRY.mixture_names) - apart:
        assert not set(names) & set(REGISTRY.mixture(name).task_names)


def test_they_are_held_out_of_any_mixture_and_what_has_their_rows_leaves_training():
    flan_core = REGISTRY.mixture("flan_core")
    split = compose.split_tasks(flan_core, REGISTRY, ["caption_pair", "review_pair_tone"])
    assert split.evaluation == ("review_pair_tone", *PAIRS["caption_pair"])
    assert split.dropped["snli"].startswith("it shares captions of Flickr images")
    assert split.dropped["imdb_reviews"].startswith("it shares reviews of films with review_pair")
    assert "its rows are of every cluster" in split.dropped["t0_sf"]
    assert "rte" in split.train and "e2e_nlg" in split.train
    plain = compose.split_tasks(flan_core, REGISTRY, ["caption_pair"], rules="flan")
    assert "snli" in plain.train


def test_an_evaluation_asks_all_pairs_under_every_template(folder, words):
    names = REGISTRY.mixture("real_pairs").task_names
    asked = questions.collect(
        names,
        REGISTRY,
        words,
        data=folder,
        family="decoder",
        settings=config.EvalConfig(rows_per_task=4, validation_rows=0),
    )
    cells = [(cell.task.name, cell.template) for cell in asked.cells]
    assert cells == [(name, t.id) for name in names for t in REGISTRY.templates(name).forward]
    for one, two in (PAIRS["caption_pair"], PAIRS["answer_pair"]):
        rows = [
            [prompt.provenance.row_id for prompt in cell.prompts]
            for name in (one, two)
            for cell in asked.cells
            if cell.task.name == name
        ]
        assert all(each == rows[0] for each in rows)


def test_check_tells_of_what_it_had_no_rows_for(capsys, monkeypatch):
    monkeypatch.setattr(type(REGISTRY), "task_names", ["rte", "review_pair_tone"])
    command_line.main(["check"])
    assert capsys.readouterr().out.splitlines() == [
        "ok   rte",
        "ok   review_pair_tone (its templates alone: the micro-world has no rows of it)",
        "2 tasks checked, nothing wrong",
    ]
    with pytest.raises(SystemExit):
        command_line.main(["check", "review_pair_tone"])
    assert "no records to check it with: the micro-world has no" in capsys.readouterr().err


def test_list_and_show_say_where_rows_are(capsys, folder):
    command_line.main(["list", "--json"])
    told = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert told["caption_pair_follows"]["availability"]["embedded"].startswith("the micro-world")
    command_line.main(["show", "restaurant_pair_near", "--data", folder, "--n", "1"])
    assert "=> Mill House" in capsys.readouterr().out
