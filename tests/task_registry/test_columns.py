import pytest

from task_registry import columns

NAMES = ("negative", "positive")


def test_text_takes_the_first_column_there_is_and_trims_it():
    assert columns.text({"sentence1": " a \n"}, "premise", "sentence1") == "a"
    with pytest.raises(KeyError, match="premise or sentence1"):
        columns.text({"text": "a"}, "premise", "sentence1")
    with pytest.raises(ValueError, match="column 'text' is ' '; expected text"):
        columns.text({"text": " "}, "text")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("who sang", "who sang?"),
        ("who sang?", "who sang?"),
        ("who sang ?? ", "who sang?"),
        ("was it in the U.S.?", "was it in the U.S.?"),
        ("Name it.", "Name it."),
    ],
)
def test_a_question_has_one_question_mark(given, expected):
    assert columns.question({"question": given}, "question") == expected


def test_label_goes_by_name_and_knows_other_names():
    assert columns.label({"label": "positive"}, NAMES, "label") == 1
    assert columns.label({"label": "pos"}, NAMES, "label", pos="positive") == 1
    with pytest.raises(ValueError, match=r"unknown label 1 in column 'label'; expected one of"):
        columns.label({"label": 1}, NAMES, "label")


def test_numbered_takes_numbers_and_their_digits():
    assert columns.numbered({"gold": 2}, ("1", "2"), "label", "gold") == 1
    assert columns.numbered({"label": "2"}, ("1", "2"), "label", "gold") == 1
    with pytest.raises(ValueError, match=r"unknown label '0' in column 'label or gold'"):
        columns.numbered({"gold": 0}, ("1", "2"), "label", "gold")


def test_plain_quotes_leave_single_ones():
    assert columns.plain_quotes("``Ivo's,'' she said") == '"Ivo\'s," she said'


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("3 Ã— 4", "3 × 4"),
        ("Iraq\u00e2\u0080\u0099s", "Iraq’s"),
        ("\u00e2\u0081µC", "⁵C"),
        ("dull \u0096 very", "dull – very"),
        ("\u0081", "\u0081"),  # stands for nothing
        ("Zoë, Émile «là»", "Zoë, Émile «là»"),
        ("plain", "plain"),
    ],
)
def test_mended(given, expected):
    assert columns.mended(given) == expected


def test_choice_keeps_each_option_once():
    record = columns.choice({"question": "?"}, ["a", "b", "a "], 2)
    assert record == {"question": "?", "options": ["a", "b"], "label": 0}
    assert columns.choice({}, ["a.", "b", "a", "3.5"], 2) == {
        "options": ["a.", "b", "3.5"],
        "label": 0,
    }
    with pytest.raises(ValueError, match="expected two options or more"):
        columns.choice({}, ["a", "a"], 0)
    with pytest.raises(ValueError, match="none empty"):
        columns.choice({}, ["a", ""], 0)


@pytest.mark.parametrize(
    "row",
    [
        {"choices": {"text": ["red", "blue"], "label": ["A", "B"]}, "answerKey": "B"},
        {"choices": {"text": ["red", "blue"], "label": ["1", "2"]}, "answerKey": "2"},
        {
            "choices": [{"text": "red", "label": "A"}, {"text": "blue", "label": "B"}],
            "answerKey": "B",
        },
        {"question": {"choice_A": "red", "choice_B": "blue", "stem": "?"}, "answerKey": "B"},
    ],
)
def test_lettered_choices(row):
    assert columns.lettered_choices(row) == (["red", "blue"], 1)
    with pytest.raises(ValueError, match="unknown label 'E' in column 'answerKey'"):
        columns.lettered_choices(row | {"answerKey": "E"})


def test_choice_by_text():
    fields = {"question": "?"}
    assert columns.choice_by_text(fields, ["a", "b "], " b") == (
        fields | {"options": ["a", "b"], "label": 1}
    )
    with pytest.raises(ValueError, match="unknown label 'c' in the answer; expected one of"):
        columns.choice_by_text(fields, ["a", "b"], "c")


@pytest.mark.parametrize(("answer", "label"), [(False, 0), (True, 1), ("no", 0), ("yes", 1)])
def test_yes_or_no(answer, label):
    assert columns.yes_or_no({"answer": answer}, "answer") == label
    with pytest.raises(ValueError, match="unknown label 'maybe' in column 'answer'"):
        columns.yes_or_no({"answer": "maybe"}, "answer")


def test_languages_stand_alone_or_in_a_column():
    pair = {"en": "It rains.", "da": "Det regner."}
    assert columns.languages(pair) == columns.languages({"translation": pair, "id": 1}) == pair
    with pytest.raises(ValueError, match="'translation' is 'x'; expected an object of languages"):
        columns.languages({"translation": "x"})


def test_references_come_once_each_and_never_empty():
    assert columns.references("a ", ["b", "a", ""], None) == ["a", "b"]
    with pytest.raises(ValueError, match="expected at least one answer"):
        columns.references(None, [])


def test_worked_solution():
    row = {"answer": "2*600=<<2*600=1200>>1,200\n#### 1,200"}
    assert columns.worked_solution(row) == ("2*600=1,200", "1200")
    with pytest.raises(ValueError, match="expected '#### ' before the final number"):
        columns.worked_solution({"answer": "1200"})


def test_the_last_mark_of_a_sum_is_joined_to_its_word():
    assert columns.closed("Which of them is prime ?") == "Which of them is prime?"
    assert columns.closed("Find x in 2 : 4 = 3 : ?") == "Find x in 2 : 4 = 3 : ?"


def test_carved():
    assert columns.carved(50, test="test") == {
        "train": "train[:-50]",
        "validation": "train[-50:]",
        "test": "test",
    }


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("Ada 's hat ( so she says ) cost $ 5 .", "Ada's hat (so she says) cost $5."),
        ("&quot; Yes , &quot; she said .", '"Yes," she said.'),
        ("' an eel ' and \" a trout \" ?", "'an eel' and \"a trout\"?"),
        ("They do n't like R &amp; B : the .net thing .", "They don't like R & B: the .net thing."),
        ("the boys ' hats", "the boys' hats"),
        ("It ' s 9 and I ' m in", "It's 9 and I'm in"),
        ("calls it ' art", "calls it ' art"),  # open or closed: not to be told
        ("`` No -LRB- ever -RRB- , '' a boy said .", '"No (ever)," a boy said.'),
        ("a ` new ' `` hat", "a 'new' \"hat"),
        ("``Yes''. He said ''no''", '"Yes". He said "no"'),
        ("great :) or not ; well ( : . . .", "great :) or not; well (:..."),
        ("Plain text stays.", "Plain text stays."),
    ],
)
def test_untokenized(tokens, text):
    assert columns.untokenized(tokens) == text
