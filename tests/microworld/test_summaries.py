"""Tests for flanlike/microworld/summaries.py: what a summary says follows from its input."""

import re

import pytest
from microworld_toys import rows

from flanlike.microworld import ontology, summaries


@pytest.mark.parametrize("name", ["xsum", "cnn_dailymail", "newsroom"])
def test_who_has_the_higher_score_wins_and_what_costs_more_than_before_costs_more(name):
    seen = set()
    for record in rows(name):
        article, (gist, *_) = record["article"], record["references"]
        if score := re.match(r"(\w+) met (\w+) .* was (\d), that of \w+ was (\d)\.", article):
            one, other, n, m = score.groups()
            winner, loser = (one, other) if int(n) > int(m) else (other, one)
            assert gist.startswith(f"{winner} won the match against {loser}.")
            seen.add("match")
        elif prices := re.match(r".* paid (\d) coins .* pays (\d) coins", article):
            before, now = map(int, prices.groups())
            assert f" cost {'less' if now < before else 'more'} in " in gist
            seen.add("price")
    assert seen == {"match", "price"}


def test_other_news_is_of_another_sort_and_cannot_contradict_the_article():
    sorts = (" won the match ", " lost a ", " is the new ", " cost less ", " cost more ")
    for record in rows("newsroom"):
        _, remark = record["article"].split("In other news: ")
        gist = record["references"][0]
        assert not [sort for sort in sorts if sort in remark and sort in gist], record
        assert not (" cost " in remark and " cost " in gist)


def test_headlines_say_who_won_and_where_prices_go():
    for record in rows("gigaword"):
        sentence, (headline,) = record["sentence"], record["references"]
        if prices := re.search(r"went from (\d) to (\d) coins", sentence):
            before, now = map(int, prices.groups())
            assert f" go {'up' if now > before else 'down'} in " in headline
        elif score := re.match(r"(\w+) had (\d) goals and (\w+) had (\d) ", sentence):
            one, n, other, m = score.groups()
            assert headline.startswith(one if int(n) > int(m) else other)


def test_neither_article_alone_has_all_that_the_summary_says():
    for record in rows("multi_news"):
        (summary,) = record["references"]
        first, second = record["articles"].split("\n\n")
        day, colour = summary.split()[1], re.search(r"\ba (\w+) \w+ (?:in|at|on) the", summary)[1]
        place = summary.removesuffix(".").split()[-1]
        facts = (day, f"is {colour}", f"the {place}.")
        assert all((fact in first) != (fact in second) for fact in facts)
        assert not all(fact in first for fact in facts)
        assert not all(fact in second for fact in facts)


def test_critics_agree_on_what_their_words_mean():
    praise = {word for words in ontology.PRAISE for word in words}
    for record in rows("opinion_abstracts_rotten_tomatoes"):
        verdicts = {}
        for line in record["reviews"].split("\n"):
            (aspect,) = (one for one in summaries._ASPECTS if re.search(rf"\b{one}\b", line))
            verdicts.setdefault(aspect, set()).add(bool(praise & set(re.findall(r"\w+", line))))
        liked = {aspect for aspect, verdict in verdicts.items() if verdict == {True}}
        consensus = record["references"][0]
        assert len(verdicts) == 2 and all(len(verdict) == 1 for verdict in verdicts.values())
        assert ("blame" in consensus) == (not liked)
        assert (", but not the " in consensus) == (len(liked) == 1)
        if len(liked) == 1:
            assert consensus.startswith(f"Critics like the {liked.pop()}, ")


def test_a_study_finds_what_its_text_says():
    for record in rows("scitldr"):
        abstract, (finding,) = record["abstract"], record["references"]
        if " all but one were " in abstract:
            assert finding.endswith(f" are {abstract.split()[-1]}")
        elif only := re.search(r"Only those (.*?) got (\w+),", abstract):
            assert finding.endswith(f" get {only[2]} {only[1]}.")
