"""The embedded rows: one generator a task, random access by seed, split and row.

A record belongs to the split that a hash of its content names: 12 of 16 buckets are training,
2 validation and 2 test (8, 2 and 6 where records are few), so that no seed and no row number ever
puts a training record into a held-out split. A task's label is drawn first and kept while the
content is drawn again, so that labels stay balanced in every split.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from flanlike import errors, seeding
from flanlike.microworld import (
    benchmarks,
    causes,
    claims,
    classify,
    commonsense,
    conversation,
    coreference,
    effects,
    feelings,
    formatting,
    instructions,
    nli,
    open_choice,
    opinions,
    paraphrase,
    passages,
    programs,
    quiz,
    reading,
    reasons,
    summaries,
    sums,
    talks,
    topics,
    translation,
    trivia,
    writing,
)
from flanlike.tasks import task

# Of a benchmark's own exemplars: they are no test rows, and drawn apart from all others.
_EXEMPLARS = {task.EXEMPLARS: range(0, 12)}
SPLITS = {"train": range(0, 12), "validation": range(12, 14), "test": range(14, 16)}
# Where only some hundred records exist, the test gets more of them.
_SMALL_SPLITS = {"train": range(0, 8), "validation": range(8, 10), "test": range(10, 16)}
_SIZES = {"train": 20_000, "validation": 500, "test": 1000}
_ATTEMPTS = 10_000


@dataclass(frozen=True, kw_only=True)
class Generator:
    """Draws records of one task.

    With `variants` above 1, `draw` also takes which variant to draw: the label, or what else must
    be balanced, or, where `is_grouped`, which member of a group (its rows follow each other).
    `is_small` marks tasks with few distinct records, `exemplars` is how many a benchmark has of its
    own. One that serves several tasks is named with what each is about, "mmlu:world_religions":
    these have rows of their own, and the `topic` field says the latter in words.
    Generators of one `stream` see the same random numbers: the tasks of a pair share their inputs.
    """

    draw: Callable[..., task.Record]
    stream: str
    variants: int = 1
    is_grouped: bool = False
    is_small: bool = False
    exemplars: int = 0
    topic: str = ""

    def __call__(self, rng: Random) -> task.Record:
        if self.variants == 1:
            return self.draw(rng)
        return self.draw(rng, int(rng.random() * self.variants))


def _labels(draw: Callable[[Random, int], task.Record], count: int = 2) -> Generator:
    return Generator(draw=draw, stream=draw.__name__, variants=count)


def _plain(draw: Callable[[Random], task.Record]) -> Generator:
    return Generator(draw=draw, stream=draw.__name__)


def _bbh(draw: Callable[..., task.Record], count: int = 1) -> Generator:
    return Generator(draw=draw, stream=draw.__name__, variants=count, exemplars=3)


def _pair(
    first: str,
    second: str,
    answers: Callable[[Random, int], open_choice.Answers],
    *,
    is_small: bool = False,
) -> dict[str, Generator]:
    draws = {first: open_choice.first_of(answers), second: open_choice.second_of(answers)}
    return {
        name: Generator(draw=draw, stream=answers.__name__, variants=2, is_small=is_small)
        for name, draw in draws.items()
    }


GENERATORS: dict[str, Generator] = {
    "rte": _labels(nli.rte),
    "cb": _labels(nli.cb, 3),
    "snli": _labels(nli.snli, 3),
    "qnli": _labels(nli.qnli),
    "wnli": _labels(coreference.wnli),
    "mnli_matched": _labels(nli.mnli_matched, 3),
    "mnli_mismatched": _labels(nli.mnli_mismatched, 3),
    "anli_r1": _labels(nli.anli_r1, 3),
    "anli_r2": _labels(nli.anli_r2, 3),
    "anli_r3": _labels(nli.anli_r3, 3),
    "scitail": _labels(nli.scitail),
    "sick": _labels(nli.sick, 3),
    "glue_mrpc": _labels(paraphrase.glue_mrpc),
    "stsb": _labels(paraphrase.stsb, 6),
    "glue_qqp": _labels(paraphrase.glue_qqp),
    "paws_wiki": _labels(paraphrase.paws_wiki),
    "openbookqa": _plain(quiz.openbookqa),
    "squad_v1": _plain(reading.squad_v1),
    "multirc": Generator(draw=reading.multirc, stream="multirc", variants=4, is_grouped=True),
    "drop": _plain(reading.drop),
    "squad_v2": _plain(passages.squad_v2),
    "bool_q": _labels(passages.bool_q),
    "mctest": _plain(passages.mctest),
    "race_middle": _plain(passages.race_middle),
    "cosmos_qa": _plain(causes.cosmos_qa),
    "record": _plain(causes.record),
    "ropes": _plain(effects.ropes),
    "quartz": _plain(effects.quartz),
    "wiqa": _labels(effects.wiqa, 3),
    "coqa": _plain(conversation.coqa),
    "quac": _plain(conversation.quac),
    "dream": _plain(conversation.dream),
    "wiki_dialog": _plain(talks.wiki_dialog),
    "qrecc": _plain(talks.qrecc),
    "mbpp": _plain(programs.mbpp),
    "human_eval": _plain(programs.human_eval),
    "natural_questions": _plain(quiz.natural_questions),
    "trivia_qa": _plain(trivia.trivia_qa),
    "web_questions": _plain(trivia.web_questions),
    "arc_easy": _plain(quiz.arc_easy),
    "arc_challenge": _plain(quiz.arc_challenge),
    "copa": _plain(causes.copa),
    "piqa": _plain(commonsense.piqa),
    "hellaswag": _plain(commonsense.hellaswag),
    "story_cloze": _plain(causes.story_cloze),
    "quarel": _plain(effects.quarel),
    "lambada": _plain(passages.lambada),
    "commonsense_qa": _plain(quiz.commonsense_qa),
    "codah": _plain(commonsense.codah),
    "commonsense_qa_2": _labels(claims.commonsense_qa_2),
    "creak": _labels(claims.creak),
    "mc_taco": Generator(draw=commonsense.mc_taco, stream="mc_taco", variants=4, is_grouped=True),
    "sense_making": _labels(commonsense.sense_making),
    "social_i_qa": _plain(commonsense.social_i_qa),
    "strategy_qa": _labels(claims.strategy_qa),
    "winogrande": _plain(coreference.winogrande),
    "definite_pronoun_resolution": _plain(coreference.definite_pronoun_resolution),
    "wsc": _labels(coreference.wsc),
    "wsc273": _plain(coreference.wsc273),
    "gap": _labels(coreference.gap, 3),
    "sst2": _labels(opinions.sst2),
    "imdb_reviews": _labels(opinions.imdb_reviews),
    "sentiment140": _labels(opinions.sentiment140),
    "yelp_polarity_reviews": _labels(opinions.yelp_polarity_reviews),
    "tweet_eval_emotion": _labels(feelings.tweet_eval_emotion, 4),
    "tweet_eval_irony": _labels(feelings.tweet_eval_irony),
    "trec": _labels(classify.trec, 6),
    "dbpedia_14": _labels(topics.dbpedia_14, 14),
    "cola": _labels(classify.cola),
    "wic": _labels(classify.wic),
    "common_gen": _plain(writing.common_gen),
    "web_nlg_en": _plain(writing.web_nlg_en),
    "dart": _plain(writing.dart),
    "aeslc": _plain(writing.aeslc),
    "ag_news_subset": _labels(classify.ag_news_subset, 4),
    "samsum": _plain(writing.samsum),
    "para_crawl_enes": _plain(translation.para_crawl_enes),
    "wmt14_enfr": _plain(translation.wmt14_enfr),
    "wmt16_translate_deen": _plain(translation.wmt16_translate_deen),
    "wmt16_translate_tren": _plain(translation.wmt16_translate_tren),
    "wmt16_translate_csen": _plain(translation.wmt16_translate_csen),
    "wmt16_translate_fien": _plain(translation.wmt16_translate_fien),
    "wmt16_translate_roen": _plain(translation.wmt16_translate_roen),
    "wmt16_translate_ruen": _plain(translation.wmt16_translate_ruen),
    "multi30k": _plain(translation.multi30k),
    "wmt_ende_tok": _plain(translation.wmt_ende_tok),
    "true_case": _plain(formatting.true_case),
    "fix_punct": _plain(formatting.fix_punct),
    "word_segment": _plain(formatting.word_segment),
    "e2e_nlg": _plain(summaries.e2e_nlg),
    "cnn_dailymail": _plain(summaries.cnn_dailymail),
    "gigaword": _plain(summaries.gigaword),
    "multi_news": _plain(summaries.multi_news),
    "newsroom": _plain(summaries.newsroom),
    "xsum": _plain(summaries.xsum),
    "dialogsum": _plain(summaries.dialogsum),
    "opinion_abstracts_rotten_tomatoes": _plain(summaries.opinion_abstracts_rotten_tomatoes),
    "opinion_abstracts_idebate": _plain(summaries.opinion_abstracts_idebate),
    "wiki_lingua_english_en": _plain(summaries.wiki_lingua_english_en),
    "scitldr": _plain(summaries.scitldr),
    "gsm8k": _plain(sums.gsm8k),
    "math_dataset": _plain(sums.math_dataset),
    "asdiv": _plain(sums.asdiv),
    "mawps": _plain(sums.mawps),
    "aqua_rat": _plain(sums.aqua_rat),
    "mgsm": Generator(draw=sums.mgsm, stream="mgsm", exemplars=8),
    "cot_gsm8k": _plain(sums.cot_gsm8k),
    "cot_ecqa": _plain(quiz.cot_ecqa),
    "cot_strategyqa": _labels(quiz.cot_strategyqa),
    "cot_creak": _labels(reasons.cot_creak),
    "cot_qasc": _plain(reasons.cot_qasc),
    "cot_esnli": _labels(reasons.cot_esnli, 3),
    "cot_sensemaking": _labels(reasons.cot_sensemaking),
    "cot_aqua": _plain(reasons.cot_aqua),
    "cot_qed": _plain(reasons.cot_qed),
    "cos_e": _plain(reasons.cos_e),
    "t0_sf": _plain(instructions.t0_sf),
    "natural_instructions_v2": _plain(instructions.natural_instructions_v2),
    "mmlu": Generator(draw=benchmarks.mmlu, stream="mmlu", exemplars=5, topic="subject"),
    "bbh_options": _bbh(benchmarks.bbh_options),
    "bbh_true_false": _bbh(benchmarks.bbh_true_false, 2),
    "bbh_yes_no": _bbh(benchmarks.bbh_yes_no, 2),
    "bbh_valid": _bbh(benchmarks.bbh_valid, 2),
    "bbh_sorting": _bbh(benchmarks.bbh_sorting),
    "bbh_brackets": _bbh(benchmarks.bbh_brackets),
    "bbh_counting": _bbh(benchmarks.bbh_counting),
    "bbh_arithmetic": _bbh(benchmarks.bbh_arithmetic),
    **_pair("pick_synonym", "pick_antonym", open_choice.synonym_and_antonym, is_small=True),
    **_pair("pick_giver", "pick_receiver", open_choice.giver_and_receiver),
    **_pair("pick_most", "pick_fewest", open_choice.most_and_fewest),
    **_pair("pick_first", "pick_last", open_choice.first_and_last),
    **_pair("pick_category", "pick_part", open_choice.category_and_part, is_small=True),
    **_pair("pick_place", "pick_object", open_choice.place_and_object),
}


def generate(name: str, split: str, row: int, seed: int = 0) -> task.Record:
    """Returns the record of that row: the same in every process, whatever was drawn before."""
    generator = _generator(name)
    topic = name.partition(":")[2]
    stream = f"{generator.stream}:{topic}" if topic else generator.stream
    buckets = _buckets(split, generator)
    if generator.variants == 1:
        rng, variant = seeding.rng(stream, seed, split, row), ()
    elif generator.is_grouped:
        group, member = divmod(row, generator.variants)
        rng, variant = seeding.rng(stream, seed, split, group), (member,)
    else:
        rng = seeding.rng(stream, seed, split, row)
        variant = (int(rng.random() * generator.variants),)
    for _ in range(_ATTEMPTS):
        record = generator.draw(rng, *variant)
        if generator.topic:
            record[generator.topic] = topic.replace("_", " ") or "this and that"
        if bucket(record) in buckets:
            return record
    raise AssertionError(f"{name}: no record of split {split!r} in {_ATTEMPTS} draws")


def bucket(record: task.Record) -> int:
    """Returns 0 to 15 by the record's group or else its inputs and options, in any order."""
    content = record.get("group")
    if content is None:
        fields = [
            value
            for field, value in record.items()
            if field != "rationale" and isinstance(value, str)
        ]
        content = "\x1f".join((*fields, *sorted(record.get("options", ()))))
    return hashlib.blake2b(content.encode(), digest_size=1).digest()[0] & 15


def sizes(name: str) -> dict[str, int]:
    """Returns the number of rows in each split.

    Rows may repeat where a task has few distinct records: see `distinct`.
    """
    exemplars = _generator(name).exemplars
    return {**_SIZES, **({task.EXEMPLARS: exemplars} if exemplars else {})}


def distinct(name: str, split: str, seed: int = 0) -> int:
    """Returns how many of the split's rows differ in their inputs or options."""
    records = (generate(name, split, row, seed) for row in range(sizes(name)[split]))
    return len({identity(record) for record in records})


def is_known(name: str) -> bool:
    """Returns whether there is a generator of that name, with a topic behind a colon or without."""
    return name.partition(":")[0] in GENERATORS


def identity(record: task.Record) -> tuple[object, ...]:
    fields = tuple(value for value in record.values() if isinstance(value, str))
    return (*fields, *sorted(record.get("options", ())))


def _generator(name: str) -> Generator:
    if not is_known(name):
        raise errors.did_you_mean("micro-world generator", name, GENERATORS)
    return GENERATORS[name.partition(":")[0]]


def _buckets(split: str, generator: Generator) -> range:
    splits = _SMALL_SPLITS if generator.is_small else SPLITS
    if generator.exemplars:
        splits = splits | _EXEMPLARS
    if split not in splits:
        raise errors.did_you_mean("split", split, splits)
    return splits[split]
