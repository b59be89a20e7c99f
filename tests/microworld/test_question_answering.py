"""The answers of the embedded question-answering records follow from their texts and the world."""

import re

import pytest
from microworld_toys import rows

from flanlike.microworld import draws, ontology

VERBS = {verb.past: verb for verb in ontology.VERBS}
_PLACE = r"(?:in|at|on) the \w+"
_THING = r"an? \w+"


def deeds_of(text):
    """Returns (who, verb's past, thing, place) of each sentence that tells a deed."""
    found = []
    for sentence in text.split(". "):
        for pattern in (
            rf"(?P<at>{_PLACE}), (?P<who>\w+) (?P<past>\w+) (?P<thing>{_THING})",
            rf"(?P<who>\w+) (?P<past>\w+) (?P<thing>{_THING}) (?P<at>{_PLACE})",
        ):
            if match := re.fullmatch(pattern, sentence.rstrip("."), re.I):
                at = match["at"]
                found.append((match["who"], match["past"], match["thing"], at[0].lower() + at[1:]))
                break
    return found


def mentions(question, deed):
    """Says which parts of a deed a question names: who, verb, thing, place."""
    who, past, thing, at = deed
    verb = VERBS[past]
    forms = {verb.base, verb.past, verb.synonym_past}
    words = set(re.findall(r"\w+", question))
    noun = thing.split()[1]
    return [who in words, bool(forms & words), noun in words, at in question]


def test_yes_means_that_all_parts_of_the_question_are_of_one_deed():
    told = [record for record in rows("bool_q") if len(deeds_of(record["passage"])) == 3]
    assert len(told) > 150
    for record in told:
        counts = [sum(mentions(record["question"], deed)) for deed in deeds_of(record["passage"])]
        assert (max(counts) == sum(counts)) == (record["label"] == 1), record


def test_a_question_is_unanswerable_if_it_mixes_two_deeds():
    records = rows("squad_v2", 600)
    unanswerable = [record["references"] == ["unanswerable"] for record in records]
    assert 0.07 < sum(unanswerable) / len(records) < 0.15
    for record, is_mixed in zip(records, unanswerable, strict=True):
        three = deeds_of(record["context"])
        counts = [sum(mentions(record["question"], deed)) for deed in three]
        assert (max(counts) < sum(counts)) == is_mixed, record
        if not is_mixed:
            who, _, thing, at = three[counts.index(max(counts))]
            assert record["references"][0] in (who, thing, at)


def test_the_way_of_a_thing_is_told_step_by_step():
    for record in rows("mctest"):
        right = record["options"][record["label"]]
        passage, question = record["passage"], record["question"]
        if "had the" in question or "has the" in question:
            first = next(s for s in passage.split(". ") if " the " in s)
            second = next(s for s in passage.split(". ") if s.startswith("Then "))
            both = [set(re.findall(r"\b[A-Z]\w+", s)) & set(draws.NAMES) for s in (first, second)]
            (middle,) = both[0] & both[1]
            others = set(record["options"]) - both[0] - both[1]
            expected = {
                "Who had": {middle} if "not for long" in question else both[0] - {middle},
                "Who has": both[1] - {middle},
                "Who nev": others,
            }[question[:7]]
            assert {right} == expected, record
        else:
            asked = re.findall(rf"{_THING}|[A-Z]\w+", question)[-1]
            (sentence,) = [s for s in re.split(r"(?<=\.) ", passage) if re.search(rf"{asked}\b", s)]
            assert right in sentence


def test_the_day_and_the_place_belong_together():
    for record in rows("race_middle"):
        pairs = re.findall(r"to (the \w+) (on \w+)", record["passage"])
        right = record["options"][record["label"]]
        (pair,) = [pair for pair in pairs if right in pair]
        other = pair[1 - pair.index(right)]
        assert other.lower() in record["question"].lower()


def test_what_came_of_it_happened_to_the_right_one():
    partner = {pair.cause: pair.effect for pair in ontology.CAUSES}
    partner |= {effect: cause for cause, effect in partner.items()}
    for record in rows("record"):
        asked = re.sub("^(That is why|We hear that before this) ", "", record["query"])
        clause = partner[asked.removesuffix(".").replace("@placeholder", "{who}")]
        told = draws.sentence(clause.format(who=record["options"][record["label"]]))
        assert told in record["passage"]


def test_a_turn_is_about_the_one_named_last_or_asks_the_same_again():
    for record in rows("coqa"):
        told = {deed[0]: deed for deed in deeds_of(record["story"])}
        asked, said = re.findall(r"[QA]: (.+)", record["dialogue"])
        if record["question"].startswith("And "):
            who = record["question"].removeprefix("And ").removesuffix("?")
            is_place = asked.startswith("Where")
        else:
            who, is_place = said, record["question"].startswith("Where")
        assert record["references"][0] == told[who][3 if is_place else 2]


def test_what_the_page_does_not_tell_is_unanswerable():
    for record in rows("quac", 600):
        key = {
            "grow": "grew up",
            "work": "worked",
            "like": "liked",
            "carry": "carried",
            "stay": "stayed",
            "swim": "swam",
        }
        (told,) = [past for base, past in key.items() if f" {base}" in record["question"]]
        if record["references"] == ["unanswerable"]:
            assert told not in record["context"]
        else:
            (sentence,) = [s for s in record["context"].split(". ") if told in s]
            assert record["references"][0] in sentence


def test_the_two_agree_on_what_is_left_or_wanted():
    uses = {draws.A[kind.name]: kind.use for kind in ontology.OBJECTS}
    for record in rows("dream"):
        right = record["options"][record["label"]]
        offer, reply = record["dialogue"].lower().split("\n")
        assert all(option.lower() in offer for option in record["options"])
        if "take" in record["question"]:
            assert uses[right] in reply
            assert record["question"].split()[3] == {"w": "woman", "m": "man"}[reply[0]]
        elif "not" in reply:
            assert right.lower() not in reply
        else:
            assert right.lower() in reply


@pytest.mark.parametrize("name", ["trivia_qa", "web_questions"])
def test_each_clue_of_a_quiz_fits_one_answer(name):
    kinds = {kind.name: kind for kind in ontology.KINDS}
    for record in rows(name):
        answer = record["references"][0]
        if answer in kinds and name == "trivia_qa":
            fits = [
                kind.name
                for kind in ontology.KINDS
                if kind.category in record["question"]
                and (
                    f"its {kind.part}" in record["question"]
                    or f"with {kind.part} " in record["question"]
                    or kind.use
                    and f"to {kind.use}?" in record["question"]
                )
            ]
            assert fits == [answer], record
        elif answer in kinds:
            for one in record["references"]:
                assert (
                    kinds[one].category in record["question"]
                    or draws.AT[kinds[one].habitat] in record["question"]
                )
