"""Which tasks a run may train on when some clusters are held out to be evaluated zero-shot.

Two sets of rules. "flan" are those of the FLAN paper: near clusters leave training together.

    held out                                  leaves training as well
    nli                                       paraphrase
    paraphrase                                nli
    reading_comprehension                     reading_comprehension_with_commonsense
    commonsense                               reading_comprehension_with_commonsense
    reading_comprehension_with_commonsense    reading_comprehension, commonsense

"strict" adds that no task is trained on whose rows tell the answer to a held-out task's rows, as
SQuAD's do for QNLI, and that collections of tasks of every cluster leave training whatever is held
out. Pure: knows clusters and names, and opens nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from flanlike import errors

Rules = Literal["flan", "strict"]

NEAR_CLUSTERS: Mapping[str, tuple[str, ...]] = {
    "nli": ("paraphrase",),
    "paraphrase": ("nli",),
    "reading_comprehension": ("reading_comprehension_with_commonsense",),
    "commonsense": ("reading_comprehension_with_commonsense",),
    "reading_comprehension_with_commonsense": ("reading_comprehension", "commonsense"),
}

ALL_CLUSTERS = "instruction_collections"  # its rows may be of any cluster

SHARED_MATERIAL: tuple[tuple[str, frozenset[str]], ...] = (
    ("SQuAD's paragraphs and questions", frozenset({"qnli", "squad_v1", "squad_v2"})),
    (
        "Winograd schemas",
        frozenset({"wnli", "wsc", "wsc273", "winogrande", "definite_pronoun_resolution"}),
    ),
    (
        "captions of Flickr images and MSR videos",
        frozenset({"snli", "cot_esnli", "multi30k", "sick", "stsb"}),
    ),
    ("science exam questions", frozenset({"scitail", "arc_easy", "arc_challenge"})),
    ("film reviews of Rotten Tomatoes", frozenset({"sst2", "opinion_abstracts_rotten_tomatoes"})),
    ("WikiHow's guides", frozenset({"hellaswag", "wiki_lingua_english_en"})),
    ("MultiRC's paragraphs", frozenset({"multirc", "mc_taco"})),
    (
        "the restaurants of E2E and the triples of WebNLG",
        frozenset({"dart", "e2e_nlg", "web_nlg_en"}),
    ),
    ("sentences of ParaCrawl en-da", frozenset({"true_case", "fix_punct", "word_segment"})),
    ("GSM8K's questions", frozenset({"gsm8k", "cot_gsm8k"})),
    ("CommonsenseQA's questions", frozenset({"commonsense_qa", "cot_ecqa", "cos_e"})),
    ("StrategyQA's questions", frozenset({"strategy_qa", "cot_strategyqa"})),
    ("CREAK's claims", frozenset({"creak", "cot_creak"})),
    ("Sense-Making's sentences", frozenset({"sense_making", "cot_sensemaking"})),
    ("AQuA-RAT's questions", frozenset({"aqua_rat", "cot_aqua"})),
    ("Natural Questions' queries", frozenset({"natural_questions", "bool_q", "cot_qed"})),
    ("CNN/DailyMail's articles", frozenset({"record", "cnn_dailymail", "coqa"})),
    ("MCTest's stories", frozenset({"mctest", "coqa"})),
    ("RACE's passages", frozenset({"race_middle", "coqa"})),
)


@dataclass(frozen=True, kw_only=True)
class Split:
    """Every task in exactly one place: trained on, evaluated, or dropped for a reason."""

    train: tuple[str, ...]
    evaluation: tuple[str, ...]
    dropped: Mapping[str, str]


def apply(
    clusters: Mapping[str, Sequence[str]], held_out: Sequence[str], *, rules: Rules = "strict"
) -> Split:
    """Returns what is left to train on when clusters or single tasks are held out.

    apply({"nli": ["rte"], "paraphrase": ["mrpc"], "math": ["sums"]}, ["nli"], rules="flan")
        -> train ("sums",), evaluation ("rte",), dropped {"mrpc": "cluster 'paraphrase' ..."}
    """
    if rules not in get_args(Rules):
        raise errors.did_you_mean("hold-out rules", rules, get_args(Rules))
    cluster_of = {task: cluster for cluster, tasks in clusters.items() for task in tasks}
    for name in held_out:
        if name not in clusters and name not in cluster_of:
            raise errors.did_you_mean("cluster or task to hold out", name, [*clusters, *cluster_of])
    evaluation = tuple(
        task for task, cluster in cluster_of.items() if cluster in held_out or task in held_out
    )
    dropped: dict[str, str] = {}
    for task, cluster in cluster_of.items():
        if task in evaluation:
            continue
        reason = _near(cluster, held_out)
        if reason is None and rules == "strict":
            reason = _shared(task, cluster, evaluation)
        if reason is not None:
            dropped[task] = reason
    train = tuple(task for task in cluster_of if task not in evaluation and task not in dropped)
    return Split(train=train, evaluation=evaluation, dropped=dropped)


def _near(cluster: str, held_out: Sequence[str]) -> str | None:
    for name in held_out:
        if cluster in NEAR_CLUSTERS.get(name, ()):
            return f"cluster {cluster!r} is near {name!r}, which is held out"
    return None


def _shared(task: str, cluster: str, evaluation: Sequence[str]) -> str | None:
    if cluster == ALL_CLUSTERS and evaluation:
        return "its rows are of every cluster, also of those held out"
    for material, tasks in SHARED_MATERIAL:
        if task in tasks and (others := sorted(tasks.intersection(evaluation))):
            return f"it shares {material} with {', '.join(others)}, held out"
    return None
