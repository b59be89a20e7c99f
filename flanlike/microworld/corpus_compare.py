"""Two statements against each other, in the corpus's own words: does one follow, is one the same?

    Ada is right that this boat from the lake is small. this boat from the lake is large?
    yes, no or maybe? | no

`|` stands before the answer (`corpus.document`). One comparison a document, and its answer right
after the question: a small model learns to compare from many such cases, or hardly at all. What is
compared is of `corpus_pairs` and `corpus_retold`; this module says how it is asked.
"""

import random
from collections.abc import Callable, Sequence

from flanlike.microworld import corpus_pairs, corpus_retold
from flanlike.microworld import ontology as world
from flanlike.microworld.corpus_facts import pick

# {fact} is what is known, {claim} what is judged by it, {who} somebody.
_CLAIMS = (
    "{fact} . is it certain then that {claim} ?",
    "{fact} . does it come out of this that {claim} ?",
    "{fact} . {who} concludes : {claim} . rightly so ?",
    '"{fact} ." "ah , so {claim} ? "',
    "if {fact} , what of this : {claim} ?",
    "judge : {claim} . we have read : {fact} . the verdict :",
    "{claim} ? well , here it says : {fact} . so",
    "a claim : {claim} . a fact : {fact} . does the fact bear the claim out ?",
    "fact : {fact} .\nclaim : {claim} .\nverdict :",
    "{fact} .\n{claim} ?\n",
    "{fact} .\nby this alone , {claim} ?\n",
    "{who} heard that {fact} . can {who} be sure that {claim} ?",
    "{who} doubts that {claim} . but see : {fact} . is {who} wrong to doubt it ?",
    "suppose {fact} . must {claim} ?",
    "known : {fact} . unknown : whether {claim} . what does the known tell ?",
    "line one : {fact} .\nline two : {claim} .\nline two , by line one :",
    "whoever says that {fact} , does such a one say that {claim} ?",
    "think of {who} : {fact} . and think of this : {claim} . is it right ?",
    "test : {claim} . ground : {fact} . passed ?",
    "{who} wrote : {fact} . a friend reads it and says : {claim} . agreed ?",
    "does one learn that {claim} , when one learns that {fact} ?",
    "here is what happened . {fact} . here is a guess . {claim} . was the guess good ?",
)
_VERDICTS = (  # of what follows, what is denied, what stays open
    ("yes", "no", "maybe"),
    ("yes", "no", "maybe"),
    ("yes", "no", "maybe"),
    ("yes", "no", "it is not told"),
    ("yes", "no", "nobody can say"),
    ("true", "false", "unknown"),
    ("true", "false", "open"),
    ("right", "wrong", "unclear"),
    ("it follows", "it is denied", "it stays open"),
    ("surely", "never", "perhaps"),
)
_TWO_VERDICTS = (  # of what follows, and what does not
    ("yes", "no"),
    ("yes", "no"),
    ("true", "not proven"),
    ("it follows", "it does not follow"),
    ("sure", "not sure"),
)
_TWO_CLAIMS = (
    "{fact} . is that enough to know that {claim} ?",
    "{fact} . may one now write : {claim} ?",
    "read : {fact} . is this in it : {claim} ?",
    "{claim} . would that have to be so , given only that {fact} ?",
    "{who} can prove that {fact} . is it proven that {claim} ?",
    "fact : {fact} .\nis it enough for this : {claim} ?\n",
    "from {who} we know that {fact} . so we know , too , that {claim} ?",
)
_MEANINGS = (  # yes or no
    "{one} . {other} . do both tell one thing ?",
    "{one} . or to put it so : {other} . is nothing changed ?",
    "{who} wrote : {one} . then {who} wrote it anew : {other} . is it all still there ?",
    "first line : {one} .\nnext line : {other} .\nare they equal ?",
    "{one} ; {other} . is the one just the other with new words ?",
    "a child reads : {one} . and tells at home : {other} . did the child tell it right ?",
    "left page : {one} .\nright page : {other} .\nthe two pages agree ?",
    '"{one} ." "you mean : {other} ? "',
    "who says : {one} , says as well : {other} , and the other way round . correct ?",
    "{one} . with new words , the old sense : {other} . well put ?",
    "put side by side : {one} . {other} . is it one story ?",
    "{one} .\n{other} .\nalike in sense ?\n",
)
_NAMED_MEANINGS = (  # what they are
    "compare : {one} . with : {other} . the two are",
    "first line : {one} .\nnext line : {other} .\ntheir sense is",
    "{one} .\n{other} .\nwhat the lines tell is",
    "alike or unlike ? {one} . {other} . they are",
    "left page : {one} . right page : {other} . in what they say the pages are",
)
_LIKENESS = (  # of what differs, and of what is the same
    ("different", "the same"),
    ("different", "same"),
    ("unlike", "alike"),
    ("not equal", "equal"),
)
_ASKED = (  # is what somebody asks told?
    "somebody asks {question} . this is told : {told} . does it help ?",
    "{question} ? in the letter stands : {told} . has one found it now ?",
    "told : {told} .\nasked : {question} ?\ncan one reply ?",
    "{told} . does whoever asks {question} find it here ?",
    "search : {question} . found : {told} . is the search over ?",
)


def following(rng: random.Random) -> str:
    """A statement, and whether another follows from it, is denied by it, or neither."""
    return _claimed(rng, pick(rng, corpus_pairs.RELATED))


def simply_following(rng: random.Random) -> str:
    """The same with one fact about one thing."""
    return _claimed(rng, pick(rng, corpus_pairs.SIMPLE))


def following_among_several(rng: random.Random) -> str:
    """The same with several facts of several things, of which one is asked for."""
    return _claimed(rng, corpus_pairs.several)


def meaning(rng: random.Random) -> str:
    """Two statements or questions, and whether they mean the same."""
    one, other, is_same = pick(rng, corpus_retold.RETOLD)(rng)
    frame, sorts = pick(rng, _MEANINGS), ("no", "yes")
    if rng.random() < 0.3:
        frame, sorts = pick(rng, _NAMED_MEANINGS), pick(rng, _LIKENESS)
    text = frame.format(one=one, other=other, who=_name(rng))
    return _asked(rng, text, sorts, sorts[is_same])


def answering(rng: random.Random) -> str:
    """A question, and whether what is told answers it."""
    question, told, is_told = corpus_retold.question_and_line(rng)
    text = pick(rng, _ASKED).format(question=question, told=told)
    return _asked(rng, text, ("no", "yes"), ("no", "yes")[is_told])


def _claimed(rng: random.Random, draw: Callable[[random.Random], corpus_pairs.Pair]) -> str:
    pair = draw(rng)
    if rng.random() < 0.35:
        pair = corpus_pairs.reported(rng, pair, are_equal=draw in corpus_pairs.EQUAL)
    fact, claim, relation = pair
    if rng.random() < 0.35:
        sorts = pick(rng, _TWO_VERDICTS)
        frame, right = pick(rng, _TWO_CLAIMS), sorts[relation != corpus_pairs.FOLLOWS]
    else:
        sorts = pick(rng, _VERDICTS)
        frame, right = pick(rng, _CLAIMS), sorts[relation]
    return _asked(rng, frame.format(fact=fact, claim=claim, who=_name(rng)), sorts, right)


def _asked(rng: random.Random, text: str, sorts: Sequence[str], right: str) -> str:
    """Returns the text with its sorts named before, after, in the line or not at all."""
    named = rng.sample(list(sorts), len(sorts))
    bullet = pick(rng, ("- ", "- ", "* ", "+ "))
    listed = "\n".join(bullet + sort for sort in named)
    line = f"{' , '.join(named[:-1])} or {named[-1]}"
    stem = text.rstrip("\n")
    layouts = [text, f"{stem}\n{listed}\n", f"{listed}\n{text}"]
    layouts.append(f"{line} ? {text}" if text.endswith(("are", "is")) else f"{stem} {line} ?")
    return f"{pick(rng, layouts)} | {right}{pick(rng, (' .', ''))}"


def _name(rng: random.Random) -> str:
    return pick(rng, world.PEOPLE).name
