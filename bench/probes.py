"""What can a base do before it is tuned, asked as its own texts ask? A table a cluster held out.

    python bench/probes.py                                  # the shipped base, half a minute
    python bench/probes.py --model DIR --rows 400 --out probes.json

Two kinds of cases, in the same frames (those of the pretraining corpus: a puzzle page with its
list, and a line of prose without one). *Its own sentences* are cases of the corpus that it has not
read. *The tasks' sentences* are test rows of the held-out tasks: what the base cannot do with them
in a frame that it knows, tuning on other tasks has no way to bring out. Tasks whose question no
text of the corpus asks are named, and not asked.

The answers are compared by the log-probability of their tokens. Nothing is trained here, and
nothing is chosen.
"""

import argparse
import collections
import dataclasses
import pathlib
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from eval import statistics  # noqa: E402
from flanlike import atomic, errors, seeding  # noqa: E402
from flanlike.microworld import (  # noqa: E402
    corpus,
    corpus_puzzles,
    corpus_questions,
    corpus_riddles,
    corpus_stories,
    generators,
)
from flanlike.models import decode  # noqa: E402
from flanlike.runs import bases, loading  # noqa: E402

Verdicts = Sequence[str]
_PAGE, _PROSE = "page", "prose"
_YES, _NO, _MAYBE = range(3)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """A document of the corpus up to its answer, with answers to compare; `right` are places.

    Several may be right: where a task has no third label, what is not known does not follow either.
    """

    cluster: str
    name: str  # of the kind of question, or of the task
    is_own: bool  # the corpus's sentences, else a task's
    frame: str  # "page" or "prose"
    told: str
    answers: tuple[str, ...]
    right: tuple[int, ...]


@errors.exits_with_one_line
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=pathlib.Path, default=bases.SHIPPED, help="folder")
    parser.add_argument("--rows", type=int, default=200, help="cases of a line and frame")
    parser.add_argument("--out", type=pathlib.Path, help="file for the figures as JSON")
    options = parser.parse_args()
    if not 10 <= options.rows <= 10_000:
        raise errors.UserError(f"--rows is {options.rows!r}: it must be from 10 to 10,000")
    loaded = loading.load(options.model)
    found = figures(list(cases(options.rows)), score_with(loaded))
    if options.out:
        atomic.write_json(options.out, found)
    print(table(found))


def score_with(loaded: loading.Loaded) -> Callable[[Sequence[Case]], list[int]]:
    """Returns what gives the place of the likeliest answer of each case."""

    def choose(asked: Sequence[Case]) -> list[int]:
        encode = loaded.words.encode
        prompts = [encode(case.told) for case in asked]
        answers = [[encode(answer) for answer in case.answers] for case in asked]
        chosen = [0] * len(asked)
        for batch in decode.scored_options(loaded.model, prompts, answers, asks_eos=False):
            for scored in batch:
                chosen[scored.prompt] = int(scored.of_tokens.argmax())
        return chosen

    return choose


def figures(
    asked: Sequence[Case], choose: Callable[[Sequence[Case]], list[int]]
) -> list[dict[str, Any]]:
    """Returns a line for each cluster, kind or task, and frame: its share right, with n.

    `commonest` is how often the answer is chosen that is chosen most, where answers are labels:
    near 1 the model says one thing only. Chance is what a guess among the answers gives.
    """
    lines: dict[tuple[Any, ...], list[tuple[Case, int]]] = collections.defaultdict(list)
    for case, choice in zip(asked, choose(asked), strict=True):
        lines[case.cluster, case.name, case.is_own, case.frame].append((case, choice))
    found = []
    for (cluster, name, is_own, frame), pairs in lines.items():
        right = np.asarray([choice in case.right for case, choice in pairs], np.float64)
        places = collections.Counter(choice for _, choice in pairs)
        are_labels = len({case.right for case, _ in pairs}) > 1
        interval = _interval(right, [case.told for case, _ in pairs])
        found.append(
            {
                "cluster": cluster,
                "name": name,
                "is_own": is_own,
                "frame": frame,
                "n": len(pairs),
                "accuracy": float(right.mean()),
                "low": interval.low,
                "high": interval.high,
                "chance": sum(len(c.right) / len(c.answers) for c, _ in pairs) / len(pairs),
                "commonest": places.most_common(1)[0][1] / len(pairs) if are_labels else None,
            }
        )
    return found


def _interval(right: np.ndarray, texts: Sequence[str]) -> statistics.Interval:
    """Returns the interval of a mean, equal texts counted as one draw."""
    inputs = statistics.clusters((text,) for text in texts)
    samples = statistics.means(right, statistics.draws(inputs, seed=0))
    distinct = int(inputs.max()) + 1
    return statistics.interval(samples, value=float(right.mean()), distinct=distinct)


def table(found: Sequence[Mapping[str, Any]]) -> str:
    """Returns the figures as Markdown: a line a kind or task, page and prose beside each other."""
    by_line: dict[tuple[Any, ...], dict[str, Mapping[str, Any]]] = {}
    for line in found:
        by_line.setdefault((line["cluster"], line["is_own"], line["name"]), {})[line["frame"]] = (
            line
        )
    lines = [
        "| cluster | sentences | case | page | prose | chance | one answer |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for (cluster, is_own, name), frames in by_line.items():
        cells = [_cell(frames.get(frame)) for frame in (_PAGE, _PROSE)]
        chance = " / ".join(sorted({f"{one['chance']:.2f}" for one in frames.values()}))
        most = max((one["commonest"] or 0.0) for one in frames.values())
        same = f"{most:.2f}" if most else "–"
        whose = "own" if is_own else "task's"
        cluster = cluster.replace("_", " ")
        lines.append(f"| {cluster} | {whose} | {name} | {' | '.join(cells)} | {chance} | {same} |")
    return "\n".join(lines)


def _cell(line: Mapping[str, Any] | None) -> str:
    if line is None:
        return "–"
    return f"{line['accuracy']:.2f} [{line['low']:.2f}, {line['high']:.2f}]"


def cases(rows: int) -> Iterator[Case]:
    """Yields as many cases of each line and frame; the same whenever it is asked."""
    for cluster, name, makers in _OWN:
        for frame, make in makers.items():
            for row in range(rows):
                rng = seeding.rng("probe", name, frame, row)
                yield _typeset(make(rng), cluster, name, frame, is_own=True)
    for cluster, makers, names in _OF_TASKS:
        for name in names:
            for frame, make in makers.items():
                for row in range(rows):
                    record = generators.generate(name, "test", row)
                    rng = seeding.rng("probe", name, frame, row)
                    yield _typeset(make(rng, name, record), cluster, name, frame, is_own=False)


Asked = tuple[str, Sequence[str], Sequence[int]]  # told, answers, places of those that are right


def _typeset(made: Asked, cluster: str, name: str, frame: str, *, is_own: bool) -> Case:
    told, answers, right = made
    return Case(
        cluster=cluster,
        name=name,
        is_own=is_own,
        frame=frame,
        told=corpus.typeset(told.rstrip(" "), capitals=True),
        answers=tuple(corpus.typeset(answer, capitals=False) for answer in answers),
        right=tuple(right),
    )


def _page(
    rng: random.Random, said: str, asked: str, answers: Sequence[str], right: Sequence[int]
) -> Asked:
    """Returns a puzzle page that lists all the answers."""
    first = answers[right[0]]
    wrong = [answer for answer in answers if answer != first]
    told, _, _ = corpus_puzzles.page(rng, (said, asked, first, wrong)).partition("|")
    return told, answers, right


def _statements(rng: random.Random, kinds: Sequence[Callable[..., Any]]) -> tuple[str, str, int]:
    """Returns a fact, another statement, and its place among what follows, is denied, is open."""
    fact, *others = corpus_stories.fact_of(rng, kinds)
    index = int(rng.random() * 3)
    return fact, others[index], index


def _claim_page(rng: random.Random, fact: str, claim: str, right: Sequence[int]) -> Asked:
    asked = corpus_questions.pick(rng, corpus_questions.OF_CLAIM).format(claim=claim)
    return _page(rng, fact, asked, corpus_questions.pick(rng, corpus_questions.VERDICTS), right)


def _claim_prose(rng: random.Random, fact: str, claim: str, right: Sequence[int]) -> Asked:
    frame = corpus_questions.pick(rng, corpus_stories.JUDGED)
    return frame.format(fact=fact, said=claim), ("yes", "no", "maybe"), right


def _own_claim(put: Callable[..., Asked], *kinds: Callable[..., Any]) -> Callable[..., Asked]:
    def make(rng: random.Random) -> Asked:
        fact, claim, index = _statements(rng, kinds)
        return put(rng, fact, claim, (index,))

    return make


_CLAIMS_OF = {  # by the label's word: which verdicts are right
    "rte": ((_YES,), (_NO, _MAYBE)),
    "cb": ((_YES,), (_NO,), (_MAYBE,)),
    "wnli": ((_NO, _MAYBE), (_YES,)),
    "scitail": ((_YES,), (_NO, _MAYBE)),
}
_THREE_WAY = ((_YES,), (_MAYBE,), (_NO,))


def _task_claim(put: Callable[..., Asked]) -> Callable[..., Asked]:
    def make(rng: random.Random, name: str, record: Mapping[str, Any]) -> Asked:
        right = _CLAIMS_OF.get(name, _THREE_WAY)[record["label"]]
        fact, claim = (
            record.get(field, record.get(other, ""))
            for field, other in (("premise", "sentence1"), ("hypothesis", "sentence2"))
        )
        return put(rng, _bare(fact), _bare(claim), right)

    return make


def _meaning_page(rng: random.Random, one: str, other: str, is_same: bool) -> Asked:
    asked, *sorts = corpus_questions.pick(rng, corpus_questions.OF_MEANING)
    return _page(rng, one, asked.format(other=other), sorts, (int(is_same),))


def _own_meaning(*kinds: Callable[..., Any]) -> Callable[..., Asked]:
    def make(rng: random.Random) -> Asked:
        fact, same, *others = corpus_stories.fact_of(rng, kinds)
        is_same = rng.random() < 0.5
        other = same if is_same else corpus_questions.pick(rng, others)
        return _meaning_page(rng, fact, other, is_same)

    return make


def _task_meaning(rng: random.Random, name: str, record: Mapping[str, Any]) -> Asked:
    of = "question" if name == "glue_qqp" else "sentence"
    one, other = (_bare(record[f"{of}{number}"]) for number in (1, 2))
    return _meaning_page(rng, one, other, record["label"] == 1)


def _task_judgement(rng: random.Random, name: str, record: Mapping[str, Any]) -> Asked:
    asked, *sorts = corpus_questions.pick(rng, corpus_questions.OF_JUDGEMENT)
    text = record["sentence" if name == "sst2" else "text"]
    return _page(rng, _bare(text), asked, sorts, (record["label"],))


_SORTS = ("abbreviation", "entity", "description", "person", "location", "number")
_SORTING = ("{item} : {listed} ?", "is it {listed} ? {item} . it is")


def _sort_page(rng: random.Random, item: str, right: int) -> Asked:
    asked = corpus_questions.pick(rng, ("of which sort is that", "so it is"))
    return _page(rng, item, asked, _SORTS, (right,))


def _sort_prose(rng: random.Random, item: str, right: int) -> Asked:
    *first, last = rng.sample(_SORTS, len(_SORTS))
    listed = f"{' , '.join(first)} or {last}"
    frame = corpus_questions.pick(rng, _SORTING)
    return frame.format(item=item, listed=listed), _SORTS, (right,)


def _own_sort(put: Callable[..., Asked]) -> Callable[..., Asked]:
    def make(rng: random.Random) -> Asked:
        item, right, _ = corpus_riddles.sort_of_question(rng)
        return put(rng, item, _SORTS.index(right))

    return make


def _task_sort(put: Callable[..., Asked]) -> Callable[..., Asked]:
    def make(rng: random.Random, name: str, record: Mapping[str, Any]) -> Asked:
        item = f"who asks {_bare(record['question'])} wants to know"
        return put(rng, item, record["label"])

    return make


def _task_word(rng: random.Random, name: str, record: Mapping[str, Any]) -> Asked:
    asked = {"pick_synonym": corpus_questions.OF_SAME, "pick_antonym": corpus_questions.OF_OPPOSITE}
    question = corpus_questions.pick(rng, asked[name])
    return _page(rng, record["word"], question, record["options"], (record["label"],))


def _task_scene(rng: random.Random, name: str, record: Mapping[str, Any]) -> Asked:
    wanted = {"pick_place": "where", "pick_object": "what"}[name]
    question = corpus_questions.pick(rng, _scenes(wanted))
    return _page(rng, _bare(record["passage"]), question, record["options"], (record["label"],))


def _own_page(make: Callable[..., corpus_questions.Case], *questions: str) -> Callable[..., Asked]:
    """Returns what makes pages of a kind of question, of those questions alone if there are any."""

    def page(rng: random.Random) -> Asked:
        while True:
            said, asked, right, wrong = make(rng)
            if not questions or asked in questions:
                return _page(rng, said, asked, (right, *wrong), (0,))

    return page


def _scenes(wanted: str) -> tuple[str, ...]:
    return tuple(asked for asked, of in corpus_questions.OF_SCENE if of == wanted)


def _bare(text: str) -> str:
    return text.strip().rstrip(".?!").rstrip()


def _claims(*kinds: Callable[..., Any]) -> dict[str, Callable[..., Asked]]:
    return {_PAGE: _own_claim(_claim_page, *kinds), _PROSE: _own_claim(_claim_prose, *kinds)}


_KINDS = corpus_stories.KINDS_OF_FACT
# What the base is asked: cluster, name, and what makes a case in each frame that the corpus has.
_OWN: tuple[tuple[str, str, Mapping[str, Callable[..., Asked]]], ...] = (
    *(("nli", f"claim of {name}", _claims(kind)) for name, kind in _KINDS.items()),
    *(("paraphrase", f"meaning of {name}", {_PAGE: _own_meaning(k)}) for name, k in _KINDS.items()),
    ("sentiment", "opinion", {_PAGE: _own_page(corpus_questions.judgement)}),
    (
        "question_classification",
        "what is asked for",
        {_PAGE: _own_sort(_sort_page), _PROSE: _own_sort(_sort_prose)},
    ),
    ("word_relations", "synonym", {_PAGE: _own_page(corpus_questions.same)}),
    ("word_relations", "antonym", {_PAGE: _own_page(corpus_questions.opposite)}),
    ("place_questions", "where", {_PAGE: _own_page(corpus_questions.scene, *_scenes("where"))}),
    ("place_questions", "what", {_PAGE: _own_page(corpus_questions.scene, *_scenes("what"))}),
)
_OF_TASKS: tuple[tuple[str, Mapping[str, Callable[..., Asked]], Sequence[str]], ...] = (
    (
        "nli",
        {_PAGE: _task_claim(_claim_page), _PROSE: _task_claim(_claim_prose)},
        ("rte", "cb", "snli", "wnli", "mnli_matched", "mnli_mismatched")
        + ("anli_r1", "anli_r2", "anli_r3", "scitail", "sick"),
    ),
    ("paraphrase", {_PAGE: _task_meaning}, ("glue_mrpc", "glue_qqp", "paws_wiki")),
    (
        "sentiment",
        {_PAGE: _task_judgement},
        ("sst2", "imdb_reviews", "sentiment140", "yelp_polarity_reviews"),
    ),
    (
        "question_classification",
        {_PAGE: _task_sort(_sort_page), _PROSE: _task_sort(_sort_prose)},
        ("trec",),
    ),
    ("word_relations", {_PAGE: _task_word}, ("pick_synonym", "pick_antonym")),
    ("place_questions", {_PAGE: _task_scene}, ("pick_place", "pick_object")),
)


if __name__ == "__main__":
    main()
