import pytest

from flanlike import errors
from flanlike.mixtures import holdout

CLUSTERS = {
    "nli": ["rte", "qnli", "wnli"],
    "paraphrase": ["mrpc"],
    "reading_comprehension": ["squad_v1", "drop"],
    "reading_comprehension_with_commonsense": ["cosmos_qa"],
    "commonsense": ["copa", "commonsense_qa"],
    "coreference": ["winogrande"],
    "math": ["gsm8k"],
    "chain_of_thought": ["cot_gsm8k", "cot_ecqa"],
}
ALL = tuple(task for tasks in CLUSTERS.values() for task in tasks)


def dropped(held_out, rules):
    split = holdout.apply(CLUSTERS, held_out, rules=rules)
    assert sorted([*split.train, *split.evaluation, *split.dropped]) == sorted(ALL)
    return sorted(split.dropped)


def test_nothing_held_out_trains_on_everything():
    assert holdout.apply(CLUSTERS, []) == holdout.Split(train=ALL, evaluation=(), dropped={})


def test_a_held_out_cluster_is_evaluated_and_its_near_clusters_leave_training():
    split = holdout.apply(CLUSTERS, ["nli"], rules="flan")
    assert split.evaluation == ("rte", "qnli", "wnli")
    assert split.dropped == {"mrpc": "cluster 'paraphrase' is near 'nli', which is held out"}
    assert split.train == tuple(t for t in ALL if t not in ("rte", "qnli", "wnli", "mrpc"))


@pytest.mark.parametrize(
    ("held_out", "expected"),
    [
        (["paraphrase"], ["qnli", "rte", "wnli"]),
        (["reading_comprehension"], ["cosmos_qa"]),
        (["commonsense"], ["cosmos_qa"]),
        (
            ["reading_comprehension_with_commonsense"],
            ["commonsense_qa", "copa", "drop", "squad_v1"],
        ),
        (["nli", "paraphrase"], []),
        (["math"], []),
        (["rte"], []),
    ],
)
def test_the_rules_of_the_flan_paper(held_out, expected):
    assert dropped(held_out, "flan") == expected


@pytest.mark.parametrize(
    ("held_out", "expected"),
    [
        (["nli"], ["mrpc", "squad_v1", "winogrande"]),
        (["reading_comprehension"], ["cosmos_qa", "qnli"]),
        (["coreference"], ["wnli"]),
        (["math"], ["cot_gsm8k"]),
        (["commonsense"], ["cosmos_qa", "cot_ecqa"]),
        (["chain_of_thought"], ["commonsense_qa", "gsm8k"]),
        (["rte"], []),
        (["qnli"], ["squad_v1"]),
    ],
)
def test_strict_rules_also_drop_what_tells_the_answer(held_out, expected):
    assert dropped(held_out, "strict") == expected


def test_a_collection_of_all_clusters_leaves_training_whatever_is_held_out():
    clusters = CLUSTERS | {"instruction_collections": ["t0_sf"]}
    assert "t0_sf" in holdout.apply(clusters, []).train
    assert "t0_sf" in holdout.apply(clusters, ["math"], rules="flan").train
    reason = "its rows are of every cluster, also of those held out"
    assert holdout.apply(clusters, ["math"]).dropped["t0_sf"] == reason


@pytest.mark.parametrize(
    ("held_out", "task"),
    [
        ("dialogsum", "dream"),
        ("dream", "dialogsum"),
        ("mctest", "mc_taco"),
        ("mctest", "multirc"),
        ("mc_taco", "mctest"),
        ("cot_aqua", "mawps"),
        ("mawps", "asdiv"),
        ("asdiv", "cot_gsm8k"),
        ("wnli", "codah"),
        ("glue_mrpc", "stsb"),
    ],
)
def test_what_overlap_finds_between_real_rows_leaves_training(held_out, task):
    clusters = {"one": [held_out], "another": [task]}
    assert task in holdout.apply(clusters, [held_out]).dropped
    assert task in holdout.apply(clusters, [held_out], rules="flan").train


def test_flan_rules_say_which_leaks_they_leave_in():
    clusters = CLUSTERS | {"instruction_collections": ["t0_sf"], "sentiment": ["sst2"]}
    left = holdout.leaks(clusters, holdout.apply(clusters, ["nli"], rules="flan"))
    assert left == (
        holdout.Leak(
            task="squad_v1", material="SQuAD's paragraphs and questions", held_out=("qnli",)
        ),
        holdout.Leak(task="winogrande", material="Winograd schemas", held_out=("wnli",)),
        holdout.Leak(task="t0_sf", held_out=("rte", "qnli", "wnli")),
    )
    assert [str(leak) for leak in left] == [
        "it shares SQuAD's paragraphs and questions with qnli, held out",
        "it shares Winograd schemas with wnli, held out",
        "its rows are of every cluster, also of those held out",
    ]


@pytest.mark.parametrize("held_out", [[], ["nli"], ["coreference", "math"], ["cot_ecqa"]])
def test_strict_rules_leave_no_leak_in(held_out):
    clusters = CLUSTERS | {"instruction_collections": ["t0_sf"]}
    assert holdout.leaks(clusters, holdout.apply(clusters, held_out)) == ()


def test_what_a_held_out_collection_has_leaves_training_with_it():
    clusters = CLUSTERS | {"instruction_collections": ["t0_sf", "natural_instructions_v2"]}
    split = holdout.apply(clusters, ["t0_sf"])
    assert split.dropped == {
        "commonsense_qa": "it shares its rows with t0_sf, held out",
        "cosmos_qa": "it shares its rows with t0_sf, held out",
        "cot_ecqa": "it shares its rows with t0_sf, held out",
        "natural_instructions_v2": "its rows are of every cluster, also of those held out",
    }


def test_the_reason_names_the_material_and_the_task():
    split = holdout.apply(CLUSTERS, ["qnli"], rules="strict")
    reason = "it shares SQuAD's paragraphs and questions with qnli, held out"
    assert split.dropped == {"squad_v1": reason}


def test_unknown_names_list_near_matches():
    with pytest.raises(errors.UserError, match="cluster or task to hold out 'nly': did you mean"):
        holdout.apply(CLUSTERS, ["nly"])
    with pytest.raises(errors.UserError, match="unknown hold-out rules 'strct': did you mean 'str"):
        holdout.apply(CLUSTERS, ["nli"], rules="strct")


@pytest.mark.parametrize(
    ("trained", "asked", "expected"),
    [
        (
            {"squad_v1": "reading_comprehension", "snli": "nli"},
            {"qnli": "nli", "rte": "nli", "sick": "nli"},
            {
                "qnli": {"squad_v1": "SQuAD's paragraphs and questions"},
                "sick": {"snli": "captions of Flickr images and MSR videos"},
            },
        ),
        (
            {"natural_instructions_v2": "instruction_collections"},
            {"mmlu_astronomy": "mmlu", "bbh_navigate": "bbh", "wsc": "coreference"},
            {
                "mmlu_astronomy": {"natural_instructions_v2": "its rows"},
                "wsc": {"natural_instructions_v2": "its rows"},
            },
        ),
        (
            {"sst2": "sentiment"},
            {"t0_sf": "c", "sst2": "sentiment"},
            {"t0_sf": {"sst2": "its rows"}},
        ),
    ],
)
def test_what_asked_tasks_share_with_trained_ones_is_named(trained, asked, expected):
    assert holdout.shared(trained, asked) == expected


def test_members_made_from_one_dataset_share_its_rows():
    trained, asked = {"niv2/a": "niv2_one"}, {"niv2/b": "niv2_two", "niv2/c": "niv2_two"}
    origins = {"niv2/a": ["drop", "squad"], "niv2/b": ["squad"], "niv2/c": ["race"]}
    shared = holdout.shared(trained, asked, origins=origins)
    assert shared == {"niv2/b": {"niv2/a": "rows of squad"}}
    assert holdout.shared(trained, asked) == {}
