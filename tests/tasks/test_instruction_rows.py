"""What a row of each format is as a task, and which rows are none."""

import pytest

from flanlike import errors
from flanlike.tasks import instruction_rows

USER, ANSWER = {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}
SYSTEM = {"role": "system", "content": "Be kind."}


def texts(system="", instruction="Hi", input="", output="Hello"):
    return {"system": system, "instruction": instruction, "input": input, "output": output}


def turns(*said):
    """Returns turns of which the first is the system's if there is an odd number of them."""
    names = ("user", "assistant") * 3
    return [*zip(("system", *names) if len(said) % 2 else names, said, strict=False)]


@pytest.mark.parametrize(
    ("row", "kind", "expected"),
    [
        ({"instruction": "Hi", "input": "", "output": "Hello"}, "alpaca", texts()),
        ({"instruction": "Hi", "input": None, "output": "Hello"}, "alpaca", texts()),
        ({"instruction": "Hi", "output": "Hello"}, "alpaca", texts()),
        (
            {"instruction": "Hi", "input": "x", "output": "Hello", "system": "S", "text": 1},
            "alpaca",
            texts("S", input="x") | {"turns": turns("S", "Hi\n\nx", "Hello")},
        ),
        (
            {"instruction": "Hi", "context": "x", "response": "Hello", "category": "open_qa"},
            "dolly",
            texts(input="x"),
        ),
        ({"prompt": "Hi", "completion": "Hello"}, "completion", texts()),
        ({"messages": [USER, ANSWER]}, "messages", texts() | {"turns": turns("Hi", "Hello")}),
        (
            {"messages": [SYSTEM, USER, ANSWER]},
            "messages",
            texts("Be kind.") | {"turns": turns("Be kind.", "Hi", "Hello")},
        ),
        (
            {"messages": [SYSTEM, USER, ANSWER, {"role": "user", "content": "And?"}, ANSWER]},
            "messages",
            texts("Be kind.", "User: Hi\n\nAssistant: Hello\n\nUser: And?")
            | {"turns": turns("Be kind.", "Hi", "Hello", "And?", "Hello")},
        ),
        (
            {
                "id": 7,
                "conversations": [
                    {"from": "human", "value": "Hi"},
                    {"from": "gpt", "value": "Hello"},
                ],
                "system": "Be kind.",
            },
            "sharegpt",
            texts("Be kind.") | {"turns": turns("Be kind.", "Hi", "Hello")},
        ),
    ],
)
def test_a_row_is_recognised_by_its_columns(row, kind, expected):
    assert instruction_rows.recognised(row, "rows.jsonl") == kind
    assert instruction_rows.plain(row, kind) == expected
    record = instruction_rows.record(expected)
    assert record["references"] == [expected["output"]]
    assert record == instruction_rows.record_of(row, format=None, where="rows")


@pytest.mark.parametrize(
    ("row", "kind", "expected"),
    [
        ({"instruction": "Hi"}, "alpaca", "missing column 'output'; the row has ['instruction']"),
        (
            {"instruction": None, "output": "a"},
            "alpaca",
            "column 'instruction' is None; expected text that is not empty",
        ),
        ({"instruction": "Hi", "output": 42}, "alpaca", "column 'output' is 42; expected text"),
        (
            {"instruction": "Hi", "input": ["a"], "output": "b"},
            "alpaca",
            "column 'input' is ['a']; expected text",
        ),
        (
            {"prompt": "Hi \ud83d", "completion": "b"},
            "completion",
            "column 'prompt' has half of a surrogate pair, '\\ud83d', at character 4",
        ),
        ({"messages": []}, "messages", "column 'messages' is []; expected a list of turns"),
        (
            {"messages": [USER, "Hello"]},
            "messages",
            "column 'messages', turn 2 is 'Hello'; expected an object",
        ),
        (
            {"messages": [USER, {"role": "tool", "content": "x"}]},
            "messages",
            "column 'messages', turn 2: 'role' is 'tool'; expected system, user or assistant",
        ),
        (
            {"messages": [USER, {"role": "assistant", "content": None}]},
            "messages",
            "column 'messages', turn 2: 'content' is None; expected text that is not empty",
        ),
        (
            {"messages": [ANSWER, USER]},
            "messages",
            "column 'messages' has turns of assistant, user; expected the user's and the assist",
        ),
        (
            {"messages": [USER, ANSWER, USER]},
            "messages",
            "column 'messages' has turns of user, assistant, user; expected the user's",
        ),
        ({"messages": [SYSTEM]}, "messages", "column 'messages' has turns of system; expected"),
    ],
)
def test_a_row_that_is_none_names_its_column(row, kind, expected):
    with pytest.raises(ValueError) as caught:
        instruction_rows.plain(row, kind)
    assert str(caught.value).startswith(expected)


def test_columns_of_no_format_and_of_two_are_told():
    with pytest.raises(errors.UserError) as caught:
        instruction_rows.recognised({"question", "answer"}, "qa.csv")
    told = "qa.csv: its columns are ['answer', 'question'], of no format that is known (alpaca: "
    assert str(caught.value).startswith(told)
    with pytest.raises(errors.UserError) as caught:
        instruction_rows.recognised(["messages", "prompt", "completion"], "x.jsonl")
    assert "are those of completion and of messages; say which" in str(caught.value)
    assert str(caught.value).endswith("--format completion")
    with pytest.raises(errors.UserError, match="unknown format 'alpacca'.*did you mean 'alpaca'"):
        instruction_rows.checked("alpacca")
