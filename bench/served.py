"""How many of a server's answers are those of `flanlike.ask`, and where the others part.

    python -m flanlike.ask DIR --no-chat --max-new-tokens 32 --in Q.jsonl --out plain.jsonl
    python bench/served.py plain.jsonl --base-url http://127.0.0.1:8000/v1 --max-new-tokens 32
    python bench/served.py chat.jsonl --base-url http://127.0.0.1:8000/v1 --max-new-tokens 32 --chat

The server is any that speaks as OpenAI's does; it is asked by the `openai` client (the extra
`serving`), greedily, one question at a time. Plainly a question is a text to go on from, as
`features.inputs_text` has it of a decoder; with --chat it is a user's turn, which the server puts
into its chat template. The file is one that `ask` has written, greedily and by the same two flags.
`docs/serving.md` has the servers and what was found.
"""

import argparse
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from flanlike import bounds, errors, jsonl, knobs
from flanlike.batches import features

_FIELDS = ("inputs", "answer")
_SHOWN = 60  # characters around the place where two answers part
_SECONDS = 600.0  # that an answer may take: the first may be compiled for

Server = Callable[[str], str]  # a question's text -> the answer


class Both(NamedTuple):
    """What was answered to one question, by `ask` and by the server."""

    number: int  # of the line
    asked: str
    served: str

    @property
    def is_same(self) -> bool:
        return self.asked == self.served

    @property
    def is_same_but_for_space(self) -> bool:
        """Whether they are the same but for white space at their ends."""
        return not self.is_same and self.asked.strip() == self.served.strip()

    @property
    def parted(self) -> int:
        """Returns the character at which they part."""
        shorter = min(len(self.asked), len(self.served))
        each = zip(self.asked, self.served, strict=False)
        return next((at for at, (a, b) in enumerate(each) if a != b), shorter)


@errors.exits_with_one_line
def main(arguments: Sequence[str] | None = None) -> None:
    flags = _parser().parse_args(arguments)
    questions = read(flags.answers)
    server = of_openai(
        flags.base_url,
        flags.model,
        is_chat=flags.chat,
        max_new_tokens=flags.max_new_tokens,
        extra=flags.extra,
    )
    found = []
    for number, question, answer in questions:
        found.append(Both(number, answer, server(question)))
        print(_line(found[-1]), flush=True)
    print(told(found))


def _parser() -> errors.Parser:
    parser = errors.Parser(prog="python bench/served.py", description=__doc__.splitlines()[0])
    parser.add_argument("answers", type=Path, help="a file that flanlike.ask --out has written")
    parser.add_argument("--base-url", required=True, help="http://127.0.0.1:8000/v1")
    parser.add_argument("--model", help="by the server's name for it (the first that it lists)")
    parser.add_argument("--chat", action="store_true", help="ask in the server's chat template")
    parser.add_argument(
        "--max-new-tokens",
        default=256,
        **bounds.argument(knobs.NewTokens),
        help="an answer may have, as it might for ask (256)",
    )
    parser.add_argument(
        "--extra",
        type=_object,
        default={},
        metavar="JSON",
        help='what a server takes besides: {"repeat_penalty": 1}',
    )
    return parser


def _object(said: str) -> dict[str, object]:
    try:
        found = json.loads(said)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{said!r} is no JSON ({error})") from None
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError(f'{said!r} is no object: {{"name": value}}')
    return found


def read(path: Path) -> list[tuple[int, str, str]]:
    """Returns the number, the question and the answer of each line; raises where one has none."""
    try:
        lines = [*jsonl.read(path)]
    except ValueError as error:
        raise errors.UserError(f"{path}: no file of JSON lines ({error})") from None
    found = []
    for number, line in enumerate(lines, start=1):
        texts = [line.get(name) if isinstance(line, dict) else None for name in _FIELDS]
        if not all(isinstance(text, str) for text in texts):
            raise errors.UserError(
                f"{path}, line {number}: expected an object with {' and '.join(_FIELDS)}, as "
                "python -m flanlike.ask --out writes it"
            )
        found.append((number, *texts))
    if not found:
        raise errors.UserError(f"{path}: no answer in it: expected lines of flanlike.ask --out")
    return found


def of_openai(
    base_url: str,
    model: str | None,
    *,
    is_chat: bool,
    max_new_tokens: int,
    extra: dict[str, object],
) -> Server:
    """Returns what asks a server, greedily; raises UserError where it cannot be asked."""
    try:
        import openai
    except ImportError:
        raise errors.UserError(
            "the client openai is not installed: pip install -c constraints.txt -e '.[serving]'"
        ) from None
    key = os.environ.get("OPENAI_API_KEY") or "none"  # a server of one's own asks for none
    client = openai.OpenAI(base_url=base_url, api_key=key, timeout=_SECONDS, max_retries=0)

    def answered(call: Callable[[], str]) -> str:
        try:
            return call()
        except openai.OpenAIError as error:
            said = " ".join(str(error).split())
            raise errors.UserError(f"--base-url {base_url}: {said}") from None

    name = model or answered(lambda: next((one.id for one in client.models.list()), ""))
    if not name:
        raise errors.UserError(f"--base-url {base_url}: it lists no model: name one by --model")
    how = {"model": name, "max_tokens": max_new_tokens, "temperature": 0, "extra_body": extra}

    def in_chat(text: str) -> str:
        messages = [{"role": "user", "content": text}]
        found = client.chat.completions.create(messages=messages, **how)
        return found.choices[0].message.content or ""

    def plainly(text: str) -> str:
        prompt = features.inputs_text(text, "decoder")
        return client.completions.create(prompt=prompt, **how).choices[0].text

    ask = in_chat if is_chat else plainly
    return lambda text: answered(lambda: ask(text))


def told(found: Sequence[Both]) -> str:
    """Returns how many answers are the same."""
    same = sum(both.is_same for both in found)
    said = f"{same:,} of {len(found):,} answers are the same"
    if spaced := sum(both.is_same_but_for_space for both in found):
        said += f", {spaced:,} more but for white space at the ends"
    return said


def _line(both: Both) -> str:
    """Returns what is said of one question: the answers' texts, from just before they part."""
    if both.is_same:
        return f"{both.number}: the same"
    if both.is_same_but_for_space:
        return f"{both.number}: the same but for white space at the ends"
    start = max(0, both.parted - _SHOWN // 2)
    shown = [text[start : start + _SHOWN] for text in (both.asked, both.served)]
    return (
        f"{both.number}: they part at character {both.parted:,}\n"
        f"    ask     {shown[0]!r}\n    server  {shown[1]!r}"
    )


if __name__ == "__main__":
    main()
