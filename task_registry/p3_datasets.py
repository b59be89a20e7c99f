"""What is known of the datasets of P3: the kind of each, and what T0 and Flan 2022 did with it.

Facts of the public record: t0/datasets.csv in github.com/bigscience-workshop/t-zero for the
category, what T0, T0+ and T0++ were trained on, and what T0 was evaluated on; and the 193 prompts
that the Flan 2022 collection takes (Longpre et al. 2023), which are those of the sources marked.
"""

import functools
from dataclasses import dataclass

OTHER = "other"  # the category of a dataset that is not known

# The category; the dataset with its subset, as P3 names it; the smallest of T0's models that was
# trained on it; `asked` where T0 was evaluated on it, `bias` where its bias was; whether Flan 2022
# has it; and the folders of --data whose rows have its columns.
_TABLE = """
bias_and_fairness         crows_pairs                -   bias   -     -
bias_and_fairness         jigsaw_toxicity_pred       -   bias   -     -
bias_and_fairness         super_glue_axg             -   bias   -     -
bias_and_fairness         wino_bias_type1_anti       -   bias   -     -
bias_and_fairness         wino_bias_type1_pro        -   bias   -     -
bias_and_fairness         wino_bias_type2_anti       -   bias   -     -
bias_and_fairness         wino_bias_type2_pro        -   bias   -     -
coreference               super_glue_wsc.fixed       ++  asked  -     wsc
coreference               winogrande_winogrande_xl   -   asked  -     winogrande
nli                       anli                       -   asked  -     anli_r1,anli_r2,anli_r3
nli                       super_glue_cb              -   asked  -     cb
nli                       super_glue_rte             -   asked  -     rte
paraphrase                glue_mrpc                  T0  -      -     glue_mrpc
paraphrase                glue_qqp                   T0  -      -     glue_qqp
paraphrase                paws_labeled_final         T0  -      -     paws_wiki
qa_closed_book            ai2_arc_ARC-Challenge      +   -      -     arc_challenge
qa_closed_book            ai2_arc_ARC-Easy           +   -      -     arc_easy
qa_closed_book            kilt_tasks_hotpotqa        T0  -      flan  -
qa_closed_book            trivia_qa_unfiltered       +   -      -     -
qa_closed_book            web_questions              +   -      flan  web_questions
qa_closed_book            wiki_qa                    T0  -      flan  -
qa_extractive             adversarial_qa_dbert       T0  -      flan  -
qa_extractive             adversarial_qa_dbidaf      T0  -      flan  -
qa_extractive             adversarial_qa_droberta    T0  -      flan  -
qa_extractive             duorc_ParaphraseRC         T0  -      flan  -
qa_extractive             duorc_SelfRC               T0  -      flan  -
qa_extractive             quoref                     T0  -      flan  quoref
qa_extractive             ropes                      T0  -      flan  ropes
qa_extractive             squad_v2                   +   -      -     squad_v2
qa_extractive             super_glue_record          ++  -      -     record
qa_multiple_choice        commonsense_qa             T0  -      -     commonsense_qa
qa_multiple_choice        cos_e_v1.11                T0  -      flan  -
qa_multiple_choice        cosmos_qa                  T0  -      -     cosmos_qa
qa_multiple_choice        dream                      T0  -      flan  dream
qa_multiple_choice        openbookqa_main            +   -      -     openbookqa
qa_multiple_choice        piqa                       +   -      -     piqa
qa_multiple_choice        qasc                       T0  -      flan  -
qa_multiple_choice        quail                      T0  -      flan  -
qa_multiple_choice        quarel                     T0  -      flan  quarel
qa_multiple_choice        quartz                     T0  -      flan  quartz
qa_multiple_choice        race_high                  +   -      flan  -
qa_multiple_choice        race_middle                +   -      flan  race_middle
qa_multiple_choice        sciq                       T0  -      flan  sciq
qa_multiple_choice        social_i_qa                T0  -      flan  social_i_qa
qa_multiple_choice        super_glue_boolq           ++  -      -     -
qa_multiple_choice        super_glue_copa            ++  asked  -     copa
qa_multiple_choice        super_glue_multirc         ++  -      -     multirc
qa_multiple_choice        wiki_hop_original          T0  -      flan  -
qa_multiple_choice        wiqa                       T0  -      flan  wiqa
sentiment                 amazon_polarity            T0  -      flan  -
sentiment                 app_reviews                T0  -      flan  -
sentiment                 imdb                       T0  -      -     imdb_reviews
sentiment                 rotten_tomatoes            T0  -      -     -
sentiment                 yelp_review_full           T0  -      -     -
story_completion          hellaswag                  +   asked  -     hellaswag
story_completion          story_cloze_2016           -   asked  -     story_cloze
structure_to_text         common_gen                 T0  -      -     common_gen
structure_to_text         wiki_bio                   T0  -      flan  -
summarization             cnn_dailymail_3.0.0        T0  -      -     cnn_dailymail
summarization             gigaword                   T0  -      -     gigaword
summarization             multi_news                 T0  -      -     multi_news
summarization             samsum                     T0  -      -     samsum
summarization             xsum                       T0  -      -     xsum
topic_classification      ag_news                    T0  -      -     -
topic_classification      dbpedia_14                 T0  -      flan  dbpedia_14
topic_classification      trec                       T0  -      -     -
word_sense_disambiguation super_glue_wic             ++  asked  -     wic
"""

# Of the column `label`, in the order of the hub's numbers, where a folder may have names for them.
LABELS = {
    "anli": ("entailment", "neutral", "contradiction"),
    "glue_mrpc": ("not_equivalent", "equivalent"),
    "glue_qqp": ("not_duplicate", "duplicate"),
    "imdb": ("neg", "pos"),
    "paws_labeled_final": ("different_meaning", "paraphrase"),
    "super_glue_cb": ("entailment", "contradiction", "neutral"),
    "super_glue_copa": ("choice1", "choice2"),
    "super_glue_multirc": ("False", "True"),
    "super_glue_rte": ("entailment", "not_entailment"),
    "super_glue_wic": ("False", "True"),
    "super_glue_wsc.fixed": ("False", "True"),
}

_MODELS = {"-": "", "T0": "t0", "+": "t0_plus", "++": "t0_plus_plus"}


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A dataset by P3's name for it. `trained` is "", "t0", "t0_plus" or "t0_plus_plus"."""

    name: str
    category: str = OTHER
    trained: str = ""
    is_asked: bool = False
    is_about_bias: bool = False
    is_in_flan_2022: bool = False
    rows: tuple[str, ...] = ()


@functools.cache
def known() -> dict[str, Dataset]:
    """Returns the datasets by name."""
    found = {}
    for line in _TABLE.split("\n")[1:-1]:
        category, name, trained, asked, flan, rows = line.split()
        found[name] = Dataset(
            name=name,
            category=category,
            trained=_MODELS[trained],
            is_asked=asked == "asked",
            is_about_bias=asked == "bias",
            is_in_flan_2022=flan == "flan",
            rows=() if rows == "-" else tuple(rows.split(",")),
        )
    return found


def of(name: str) -> Dataset:
    """Returns the dataset of that name, be it known or not."""
    return known().get(name, Dataset(name=name))


def divided(config: str) -> tuple[str, str]:
    """Returns the dataset and the prompt that P3's name of a configuration joins.

    "super_glue_rte_does_it_follow_that" -> ("super_glue_rte", "does_it_follow_that"). A point may
    have become "_". Of a dataset that is not known all of it is the dataset, and the prompt is "".
    """
    plain = config.replace(".", "_")
    for name, start in _starts():
        if plain.startswith(start):
            return name, config[len(start) :]
    return config, ""


@functools.cache
def _starts() -> list[tuple[str, str]]:
    starts = [(name, name.replace(".", "_") + "_") for name in known()]
    return sorted(starts, key=lambda one: len(one[1]), reverse=True)
