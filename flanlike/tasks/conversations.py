"""Conversations: what turns may stand in which order, and how they are told as one text.

[("system", "Be kind."), ("user", "Hi"), ("assistant", "Hello"), ("user", "Who are you?"),
 ("assistant", "A friend.")]
"""

from collections.abc import Sequence
from typing import Any

from flanlike.tasks import task as task_module

ROLES = ("system", "user", "assistant")
_NAMES = {"user": "User", "assistant": "Assistant"}


def problem(turns: Any) -> str:
    """Returns what is wrong with turns: "has turns of user, user; expected ..." or "".

    After the system's turn or none, the user's and the assistant's take turns: the user's is the
    first and the assistant's the last.
    """
    roles = [role for role, _ in turns]
    said = roles[1:] if roles[:1] == ["system"] else roles
    expected = ["user", "assistant"] * (len(said) // 2)
    if said and said == expected:
        return ""
    return (
        f"has turns of {', '.join(roles)}; expected the user's and the assistant's by turns, after "
        "the system's or none, and the assistant's as the last"
    )


def told(turns: Sequence[task_module.Turn]) -> str:
    """Returns the turns before an answer as one text; a single question as it is."""
    if len(turns) == 1:
        return turns[0][1]
    return "\n\n".join(f"{_NAMES[role]}: {text}" for role, text in turns)
