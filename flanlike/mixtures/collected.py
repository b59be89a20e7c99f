"""What collections are known to have: the tasks of ours whose rows are in them.

Of P3 that is known for each of its datasets: `collection_of` says which one a prompt is of.
"""

from collections.abc import Mapping

from flanlike.tasks import families

# The tasks whose rows a collection has, by what `overlap` finds and by the names of its own tasks
# ("task028_drop_answer_generation"): of Super-NaturalInstructions those of tasks/README.md and
# splits/default/train_tasks.txt in its repository.
TASKS: Mapping[str, frozenset[str]] = {
    "t0_sf": frozenset(
        {
            "adversarial_qa",
            "ag_news_subset",
            "cnn_dailymail",
            "common_gen",
            "commonsense_qa",
            "cos_e",
            "cosmos_qa",
            "cot_ecqa",
            "cot_qasc",
            "dbpedia_14",
            "dream",
            "duorc",
            "gigaword",
            "glue_mrpc",
            "glue_qqp",
            "imdb_reviews",
            "multi_news",
            "opinion_abstracts_rotten_tomatoes",
            "paws_wiki",
            "quarel",
            "quartz",
            "quoref",
            "ropes",
            "samsum",
            "sciq",
            "social_i_qa",
            "sst2",
            "stsb",
            "wiqa",
            "xsum",
            "yelp_polarity_reviews",
            "review_pair_topic",
            "review_pair_tone",
        }
    ),  # fmt: skip
    "natural_instructions_v2": frozenset(
        {
            "ag_news_subset",
            "arc_challenge",
            "arc_easy",
            "asdiv",
            "bool_q",
            "codah",
            "common_gen",
            "commonsense_qa",
            "coqa",
            "cosmos_qa",
            "cot_creak",
            "cot_esnli",
            "cot_qasc",
            "cot_sensemaking",
            "cot_strategyqa",
            "creak",
            "dart",
            "dbpedia_14",
            "dream",
            "drop",
            "duorc",
            "e2e_nlg",
            "gap",
            "gigaword",
            "imdb_reviews",
            "math_dataset",
            "mawps",
            "mc_taco",
            "mnli_matched",
            "mnli_mismatched",
            "multirc",
            "natural_questions",
            "openbookqa",
            "paws_wiki",
            "piqa",
            "quarel",
            "quartz",
            "quoref",
            "record",
            "ropes",
            "samsum",
            "sciq",
            "scitail",
            "sense_making",
            "sentiment140",
            "sick",
            "snli",
            "social_i_qa",
            "squad_v1",
            "squad_v2",
            "sst2",
            "story_cloze",
            "strategy_qa",
            "svamp",
            "trec",
            "trivia_qa",
            "tweet_eval_emotion",
            "tweet_eval_irony",
            "web_questions",
            "winogrande",
            "wiqa",
            "wsc",
            "wsc273",
            "yelp_polarity_reviews",
            "caption_pair_follows",
            "caption_pair_conflicts",
            "restaurant_pair_name",
            "restaurant_pair_near",
            "answer_pair_likely",
            "answer_pair_duration",
        }
    ),  # fmt: skip
}

# The same, of whole clusters: Super-NaturalInstructions has MMLU's questions by subject.
CLUSTERS: Mapping[str, frozenset[str]] = {"natural_instructions_v2": frozenset({"mmlu"})}

# The datasets of P3, with their subsets, that tasks of ours are too.
_P3: Mapping[str, tuple[str, ...]] = {
    "adversarial_qa_dbert": ("adversarial_qa",),
    "adversarial_qa_dbidaf": ("adversarial_qa",),
    "adversarial_qa_droberta": ("adversarial_qa",),
    "ag_news": ("ag_news_subset",),
    "ai2_arc_ARC-Challenge": ("arc_challenge",),
    "ai2_arc_ARC-Easy": ("arc_easy",),
    "anli": ("anli_r1", "anli_r2", "anli_r3"),
    "cnn_dailymail_3.0.0": ("cnn_dailymail",),
    "common_gen": ("common_gen",),
    "commonsense_qa": ("commonsense_qa", "cos_e", "cot_ecqa"),
    "cos_e_v1.11": ("commonsense_qa", "cos_e", "cot_ecqa"),
    "cosmos_qa": ("cosmos_qa",),
    "dbpedia_14": ("dbpedia_14",),
    "dream": ("dream",),
    "duorc_ParaphraseRC": ("duorc",),
    "duorc_SelfRC": ("duorc",),
    "gigaword": ("gigaword",),
    "glue_mrpc": ("glue_mrpc", "stsb"),
    "glue_qqp": ("glue_qqp",),
    "hellaswag": ("hellaswag",),
    "imdb": ("imdb_reviews",),
    "multi_news": ("multi_news",),
    "openbookqa_main": ("openbookqa",),
    "paws_labeled_final": ("paws_wiki",),
    "piqa": ("piqa",),
    "qasc": ("cot_qasc",),
    "quarel": ("quarel",),
    "quartz": ("quartz",),
    "quoref": ("quoref",),
    "race_middle": ("race_middle",),
    "ropes": ("ropes",),
    "rotten_tomatoes": ("opinion_abstracts_rotten_tomatoes", "sst2"),
    "samsum": ("samsum",),
    "sciq": ("sciq",),
    "social_i_qa": ("social_i_qa",),
    "squad_v2": ("squad_v1", "squad_v2", "qnli"),
    "story_cloze_2016": ("story_cloze",),
    "super_glue_boolq": ("bool_q",),
    "super_glue_cb": ("cb",),
    "super_glue_copa": ("copa",),
    "super_glue_multirc": ("multirc",),
    "super_glue_record": ("record",),
    "super_glue_rte": ("rte",),
    "super_glue_wic": ("wic",),
    "super_glue_wsc.fixed": ("wsc", "wsc273", "wnli"),
    "trec": ("trec",),
    "trivia_qa_unfiltered": ("trivia_qa",),
    "web_questions": ("web_questions",),
    "winogrande_winogrande_xl": ("winogrande",),
    "wiqa": ("wiqa",),
    "xsum": ("xsum",),
    "yelp_review_full": ("yelp_polarity_reviews",),
}

_FAMILIES = {"niv2": "natural_instructions_v2"}  # the collection that a family's members are of


def collection_of(task: str) -> str:
    """Returns the collection that a task is, or is a member of; any other task is its own.

    "niv2/task1_a" -> "natural_instructions_v2"
    "p3/super_glue_rte/can_we" -> "p3/super_glue_rte"
    """
    family = families.family_of(task)
    if family == "p3":
        return "/".join(task.split("/")[:2])
    return _FAMILIES.get(family, task)


def tasks_in(collection: str) -> frozenset[str]:
    """Returns the tasks whose rows a collection has, none for what is no collection."""
    if collection.startswith("p3/"):
        return frozenset(_P3.get(collection.removeprefix("p3/"), ()))
    return TASKS.get(collection, frozenset())
