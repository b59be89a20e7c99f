"""Which solved records stand before a query."""

import template_toys as toys

from flanlike.prompts import exemplars
from flanlike.tasks import task

CHOICES = toys.task_of(answers=task.Choices(), fields=("question", "rationale"))


class Records(list):
    """Records with row ids, as a source gives them."""

    split = "train"

    def row_id(self, index):
        return f"train/{index}"


def records(*questions, **changes):
    return Records(
        {"question": q, "rationale": f"Because {i}.", "options": ["x", "y"], "label": i % 2}
        | changes
        for i, q in enumerate(questions)
    )


def drawn(found, query, *, row_id="test/0", shots=2, seed=0, rows=None, template=None):
    return [
        int(exemplar.row_id.removeprefix("train/"))
        for exemplar in exemplars.draw(
            CHOICES,
            template or toys.template_of("{question}\n{options}"),
            found,
            range(len(found)) if rows is None else rows,
            query=query,
            row_id=row_id,
            shots=shots,
            seed=seed,
        )
    ]


def test_no_exemplar_has_the_querys_fields_whatever_its_label_split_and_spelling():
    found = records("What flies?", "what  FLIES?\n", "What swims?", "What flies?", "What runs?")
    for seed in range(20):
        assert sorted(drawn(found, found[0], row_id="train/0", seed=seed)) == [2, 4]
        assert sorted(drawn(found, found[0], seed=seed, shots=5)) == [2, 4]


def test_no_exemplar_has_the_querys_texts_in_other_characters_or_fields():
    found = records("Caf\u00e9 1?", "Cafe\u0301 1?", "Caf\u00e9 \uff11?", "Cafe 1?")
    for seed in range(5):
        assert drawn(found, found[0], row_id="train/0", seed=seed, shots=5) == [3]
    pairs = [("a", "b"), ("B", " a"), ("b", "b"), ("b", "c")]
    swapped = Records({"premise": one, "hypothesis": two, "label": 0} for one, two in pairs)
    template = toys.template_of("{premise} {hypothesis}")
    how = {"query": swapped[0], "row_id": "test/0", "shots": 5}
    picked = exemplars.pick(toys.task_of(), template, swapped, range(4), **how)
    assert [exemplar.row_id for exemplar in picked] == ["train/2", "train/3"]


def test_no_two_exemplars_say_the_same():
    found = records("One?", "Two?", "one?", "Two?", "One?")
    query = records("Three?")[0]
    for seed in range(20):
        picked = drawn(found, query, seed=seed)
        assert sorted(found[i]["question"].casefold() for i in picked) == ["one?", "two?"]


def test_they_are_drawn_by_the_seed_from_the_rows_that_may_be_drawn():
    found = records(*(f"Number {i}?" for i in range(50)))
    query = records("Three?")[0]
    assert drawn(found, query, seed=1) == drawn(found, query, seed=1)
    assert len({tuple(drawn(found, query, seed=seed)) for seed in range(20)}) > 15
    assert sorted(drawn(found, query, rows=[7, 9], shots=3)) == [7, 9]
    assert drawn(found, query, shots=0) == []


def test_among_many_equal_rows_the_search_ends():
    class Counted(Records):
        read = 0

        def __getitem__(self, index):
            self.read += 1
            return super().__getitem__(index)

    found = Counted(records(*["Same?"] * 5000))
    assert drawn(found, records("Same?")[0]) == []
    assert found.read < 50


def test_where_options_are_hidden_no_exemplar_asks_about_them():
    found = records(
        "Which of these flies?", "What swims?", "Which statement is true?", "What runs?"
    )
    query = records("What sings?")[0]
    bare = toys.template_of("{question}")
    for seed in range(20):
        assert sorted(drawn(found, query, seed=seed, shots=4, template=bare)) == [1, 3]
    assert sorted(drawn(found, query, shots=4)) == [0, 1, 2, 3]


def test_a_benchmarks_own_exemplars_come_first_to_last_and_none_says_what_the_query_says():
    own = records("a?", "b?", "c?", "d?")
    own.split = "exemplars"
    assert [drawn(own, {"question": "q?"}, shots=3, seed=seed) for seed in range(3)] == [
        [0, 1, 2]
    ] * 3
    assert drawn(own, {"question": "B?", "options": ["y", "x"]}, shots=3) == [0, 2, 3]
    assert drawn(own, {"question": "q?"}, shots=9) == [0, 1, 2, 3]


def test_own_exemplars_that_ask_the_same_of_other_options_are_others():
    own = records("which?", "which?", "which?")
    own.split = "exemplars"
    own[1]["options"], own[2]["options"] = ["z", "x"], ["y", "x"]
    query = {"question": "Which?", "options": ["p", "q"]}
    assert drawn(own, query, shots=3) == [0, 1]
    assert drawn(own, query | {"options": ["x", "z"]}, shots=3) == [0]
