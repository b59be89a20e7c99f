"""Which tasks a run may train on when some clusters are held out to be evaluated zero-shot.

Two sets of rules. "flan" are those of the FLAN paper: near clusters leave training together.

    held out                                  leaves training as well
    nli                                       paraphrase
    paraphrase                                nli
    reading_comprehension                     reading_comprehension_with_commonsense
    commonsense                               reading_comprehension_with_commonsense
    reading_comprehension_with_commonsense    reading_comprehension, commonsense

So do the categories of a family that ask the same of a text, as niv2_textual_entailment where nli
is held out (SAME_CATEGORIES); the other way round they do not.

"strict" adds that no task is trained on whose rows tell the answer to a held-out task's rows, as
SQuAD's do for QNLI, that collections of tasks of every cluster leave training whatever is held
out, and that what a collection has leaves training with it. So do the members of a family where
anything else is held out; where other members are, those that were made from one dataset with
them. Under "flan" these stay, and `leaks`
says which. Pure: knows clusters and names, and opens nothing.

SHARED_MATERIAL follows what is known of how the sets were made, and what `overlap` finds between
the rows of 72 tasks, each against each. A pair is in it where a hundredth of the rows of either
shares text with the other (dialogsum and dream: 11 %; asdiv and mawps: 21 %; wnli and codah:
1.4 %), or fewer do but copy the same item, as sums with other numbers (mawps and cot_aqua: two
rows). It is not where two rows merely have the same short question, quote the same words of a
third, or come from one article of an encyclopedia (qnli and drop: one sentence). Of the datasets of
the mixture `further` no rows were at hand: their pairs rest on how the sets were made alone.

The benchmarks, mmlu and bbh, are in no pair: nothing that is trained on is known to share rows with
them but Super-NaturalInstructions, which has 57 tasks of MMLU's questions under the names
"mmmlu_answer_generation_<subject>", and leaves training with all collections.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from flanlike import errors
from flanlike.mixtures import collected
from flanlike.tasks import families

Rules = Literal["flan", "strict"]

NEAR_CLUSTERS: Mapping[str, tuple[str, ...]] = {
    "nli": ("paraphrase",),
    "paraphrase": ("nli",),
    "reading_comprehension": ("reading_comprehension_with_commonsense",),
    "commonsense": ("reading_comprehension_with_commonsense",),
    "reading_comprehension_with_commonsense": ("reading_comprehension", "commonsense"),
}

# By the names and descriptions of the categories in Super-NaturalInstructions' doc/ folder.
SAME_CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "nli": ("niv2_textual_entailment",),
    "paraphrase": ("niv2_paraphrasing", "niv2_text_matching"),
    "reading_comprehension": ("niv2_question_answering", "niv2_answerability_classification"),
    "reading_comprehension_with_commonsense": ("niv2_question_answering",),
    "closed_book_qa": ("niv2_question_answering",),
    "conversational_qa": ("niv2_question_answering",),
    "commonsense": ("niv2_commonsense_classification", "niv2_cause_effect_classification"),
    "coreference": ("niv2_coreference_resolution",),
    "sentiment": ("niv2_sentiment_analysis",),
    "translation": ("niv2_translation",),
    "summarization": ("niv2_summarization", "niv2_title_generation"),
    "struct_to_text": ("niv2_data_to_text",),
    "topic_classification": ("niv2_text_categorization",),
    "math": ("niv2_mathematics",),
}

ALL_CLUSTERS = "instruction_collections"  # its rows may be of any cluster

# Translations of GSM8K's test questions.
_LANGUAGES = ("bn", "de", "en", "es", "fr", "ja", "ru", "sw", "te", "th", "zh")
_MGSM = [f"mgsm_{code}" for code in _LANGUAGES]

# Pairs that ask rows of other tasks in two ways.
_CAPTIONS = ("caption_pair_follows", "caption_pair_conflicts")
_RESTAURANTS = ("restaurant_pair_name", "restaurant_pair_near")
_ANSWERS = ("answer_pair_likely", "answer_pair_duration")
_REVIEWS = ("review_pair_topic", "review_pair_tone")

SHARED_MATERIAL: tuple[tuple[str, frozenset[str]], ...] = (
    (
        "SQuAD's paragraphs and questions",
        frozenset({"qnli", "squad_v1", "squad_v2", "adversarial_qa"}),
    ),
    (
        "Winograd schemas",
        frozenset({"wnli", "wsc", "wsc273", "winogrande", "definite_pronoun_resolution", "codah"}),
    ),
    (
        "captions of Flickr images and MSR videos",
        frozenset({"snli", "cot_esnli", "multi30k", "sick", "stsb", *_CAPTIONS}),
    ),
    ("science exam questions", frozenset({"scitail", "arc_easy", "arc_challenge"})),
    ("film reviews of Rotten Tomatoes", frozenset({"sst2", "opinion_abstracts_rotten_tomatoes"})),
    ("reviews of films", frozenset({"imdb_reviews", *_REVIEWS})),
    ("reviews of businesses", frozenset({"yelp_polarity_reviews", *_REVIEWS})),
    ("WikiHow's guides", frozenset({"hellaswag", "wiki_lingua_english_en"})),
    ("MultiRC's paragraphs", frozenset({"multirc", "mc_taco", *_ANSWERS})),
    (
        "the restaurants of E2E and the triples of WebNLG",
        frozenset({"dart", "e2e_nlg", "web_nlg_en", *_RESTAURANTS}),
    ),
    ("sentences of ParaCrawl en-da", frozenset({"true_case", "fix_punct", "word_segment"})),
    ("SciQ's questions", frozenset({"scitail", "sciq"})),  # SciTail was made of these and of exams
    ("GSM8K's questions", frozenset({"gsm8k", "cot_gsm8k", *_MGSM})),
    ("CommonsenseQA's questions", frozenset({"commonsense_qa", "cot_ecqa", "cos_e"})),
    ("StrategyQA's questions", frozenset({"strategy_qa", "cot_strategyqa"})),
    ("CREAK's claims", frozenset({"creak", "cot_creak"})),
    ("Sense-Making's sentences", frozenset({"sense_making", "cot_sensemaking"})),
    ("AQuA-RAT's questions", frozenset({"aqua_rat", "cot_aqua"})),
    ("Natural Questions' queries", frozenset({"natural_questions", "bool_q", "cot_qed", "qrecc"})),
    ("QuAC's conversations", frozenset({"quac", "qrecc"})),
    ("CNN/DailyMail's articles", frozenset({"record", "cnn_dailymail", "coqa"})),
    ("MCTest's stories", frozenset({"mctest", "multirc", "mc_taco", "coqa", *_ANSWERS})),
    ("RACE's passages", frozenset({"race_middle", "coqa"})),
    ("dialogues of English exams", frozenset({"dream", "dialogsum"})),
    ("sentence pairs of MRPC", frozenset({"glue_mrpc", "stsb"})),
    (
        "word problems with other numbers",
        frozenset({"asdiv", "mawps", "svamp", "gsm8k", "cot_gsm8k", "aqua_rat", "cot_aqua"}),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Split:
    """Every task in exactly one place: trained on, evaluated, or dropped for a reason."""

    train: tuple[str, ...]
    evaluation: tuple[str, ...]
    dropped: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Leak:
    """What a task shares with held-out tasks; nothing is named where it may be anything of theirs.

    Leak(task="squad_v1", material="SQuAD's paragraphs", held_out=("qnli",)) reads as "it shares
    SQuAD's paragraphs with qnli, held out".
    """

    task: str
    material: str = ""
    held_out: tuple[str, ...]

    def __str__(self) -> str:
        if not self.material:
            return "its rows are of every cluster, also of those held out"
        return f"it shares {self.material} with {families.listed(self.held_out)}, held out"


def apply(
    clusters: Mapping[str, Sequence[str]],
    held_out: Sequence[str],
    *,
    rules: Rules = "strict",
    origins: Mapping[str, Sequence[str]] | None = None,
) -> Split:
    """Returns what is left to train on when clusters or single tasks are held out.

    `origins` names the datasets that members of families were made from, by the task.

    apply({"nli": ["rte"], "paraphrase": ["mrpc"], "math": ["sums"]}, ["nli"], rules="flan")
        -> train ("sums",), evaluation ("rte",), dropped {"mrpc": "cluster 'paraphrase' ..."}
    """
    if rules not in get_args(Rules):
        raise errors.did_you_mean("hold-out rules", rules, get_args(Rules))
    cluster_of = {task: cluster for cluster, tasks in clusters.items() for task in tasks}
    for name in held_out:
        if name not in clusters and name not in cluster_of:
            raise errors.did_you_mean("cluster or task to hold out", name, [*clusters, *cluster_of])
    named = set(held_out)
    evaluation = tuple(
        task for task, cluster in cluster_of.items() if cluster in named or task in named
    )
    asked = set(evaluation)
    dropped: dict[str, str] = {}
    for task, cluster in cluster_of.items():
        if task in asked:
            continue
        reason = _near(cluster, held_out)
        if reason is None and rules == "strict":
            reason = next(map(str, _leaks(task, cluster, evaluation, origins or {})), None)
        if reason is not None:
            dropped[task] = reason
    train = tuple(task for task in cluster_of if task not in asked and task not in dropped)
    return Split(train=train, evaluation=evaluation, dropped=dropped)


def leaks(
    clusters: Mapping[str, Sequence[str]],
    split: Split,
    *,
    origins: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Leak, ...]:
    """Returns what strict rules would have kept out of a split's training: none if they made it.

    leaks({"nli": ["qnli"], "reading_comprehension": ["squad_v1"]}, Split(train=("squad_v1",),
        evaluation=("qnli",), dropped={}))
        -> (Leak(task="squad_v1", material="SQuAD's paragraphs ...", held_out=("qnli",)),)
    """
    cluster_of = {task: cluster for cluster, tasks in clusters.items() for task in tasks}
    return tuple(
        leak
        for task in split.train
        for leak in _leaks(task, cluster_of[task], split.evaluation, origins or {})
    )


def shared(
    trained: Mapping[str, str],
    asked: Mapping[str, str],
    *,
    origins: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, dict[str, str]]:
    """Returns what each asked task is known to share with trained ones, by the trained task.

    Both map tasks to their clusters; those that share nothing are not in the result. `origins` are
    those of `apply`.

    shared({"squad_v1": "reading_comprehension"}, {"qnli": "nli", "rte": "nli"})
        -> {"qnli": {"squad_v1": "SQuAD's paragraphs and questions"}}
    """
    origins = origins or {}
    found: dict[str, dict[str, str]] = {}
    for task, cluster in asked.items():
        for other in trained:
            if other != task and (material := _material(task, cluster, other, origins)):
                found.setdefault(task, {})[other] = material
    return found


def _material(
    task: str, cluster: str, other: str, origins: Mapping[str, Sequence[str]]
) -> str | None:
    of_other = origins.get(other, ())
    if both := [origin for origin in origins.get(task, ()) if origin in of_other]:
        return f"rows of {both[0]}"
    one, two = collected.collection_of(task), collected.collection_of(other)
    is_there = task in collected.tasks_in(two) or cluster in collected.CLUSTERS.get(two, ())
    if is_there or other in collected.tasks_in(one):
        return "its rows"
    return next((what for what, tasks in SHARED_MATERIAL if {task, other} <= tasks), None)


def _outside_of(task: str, cluster: str, evaluation: Sequence[str]) -> tuple[str, ...]:
    """Returns the evaluated tasks of which a collection may have rows, or a member of a family.

    What a member shares with others of its family their origins say.
    """
    if cluster == ALL_CLUSTERS:
        return tuple(evaluation)
    family = families.family_of(task)
    return tuple(name for name in evaluation if family and families.family_of(name) != family)


def _near(cluster: str, held_out: Sequence[str]) -> str | None:
    for name in held_out:
        if cluster in NEAR_CLUSTERS.get(name, ()):
            return f"cluster {cluster!r} is near {name!r}, which is held out"
        if cluster in SAME_CATEGORIES.get(name, ()):
            return f"category {cluster!r} asks what {name!r} does, which is held out"
    return None


def _leaks(
    task: str, cluster: str, evaluation: Sequence[str], origins: Mapping[str, Sequence[str]]
) -> Iterator[Leak]:
    if others := _outside_of(task, cluster, evaluation):
        yield Leak(task=task, held_out=others)
    collections = dict.fromkeys(map(collected.collection_of, evaluation))
    if collections := sorted(name for name in collections if task in collected.tasks_in(name)):
        yield Leak(task=task, material="its rows", held_out=tuple(collections))
    for origin in origins.get(task, ()):
        if others := [name for name in evaluation if origin in origins.get(name, ())]:
            yield Leak(task=task, material=f"rows of {origin}", held_out=tuple(sorted(others)))
    for material, tasks in SHARED_MATERIAL:
        if task in tasks and (others := tasks.intersection(evaluation)):
            yield Leak(task=task, material=material, held_out=tuple(sorted(others)))
