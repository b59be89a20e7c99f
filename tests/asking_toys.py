"""Who answers in letters, without a model; and a small model in a folder."""

import dataclasses
from collections.abc import Sequence

from flanlike import errors
from flanlike.asking import answering, settings
from flanlike.prompts import fitting

GREEDY = settings.Settings()


class Letters:
    """Words of one id per character."""

    def decode(self, ids):
        return "".join(map(chr, ids))


class Bytes:
    """Words of one id per byte; a run of them that is no text has a sign for each."""

    def decode(self, ids):
        content = bytes(ids)
        try:
            return content.decode()
        except UnicodeDecodeError:
            return content.decode(errors="replace")


class Echo:
    """Answers by the question's text in capitals, letter by letter; "stop" is pressed at "!".

    In a chat it reads at most `most` letters of all turns.
    """

    family = "decoder"
    parameters = 7

    def __init__(self, name: str = "echo", most: int = 90, *, is_chat: bool = False) -> None:
        self.name, self._most, self.is_chat = name, most, is_chat
        self.asked: list[tuple[str, int]] = []  # texts and numbers
        self.heard: list[list[str]] = []  # all that each question was read behind

    def room_for_text(self, how):
        return fitting.Room(tokens=1000, read=list, encode=list)

    def fitted(self, question, how):
        before = [*question.before]
        first = int(before[:1] != [] and before[0][0] == "system")
        while before[first:] and len(question.text + "".join(t for _, t in before)) > self._most:
            del before[first : first + 2]
        return dataclasses.replace(question, before=tuple(before))

    def ids(self, question, how):
        text = question.text
        if len(text) > self._most:
            raise errors.UserError(f"the question has {len(text)} tokens: shorten it")
        return [ord(c) for c in text]

    def expect(self, question, how):
        self.ids(question, how)
        if len({option.strip() for option in question.options}) < len(question.options):
            raise errors.UserError("two options are the same tokens")

    def is_new(self, question, how):
        return False

    def answer(self, question, how, *, number, tell=lambda text: None, goes_on=lambda: True):
        text = question.text
        self.asked.append((text, number))
        self.heard.append([f"{role}: {said}" for role, said in question.before])
        said = ""
        for letter in f"{self.name}: {text.upper()}":
            if not goes_on():
                return answering.Answer(said, len(said), True)
            said += letter
            tell(letter)
        return answering.Answer(said, len(said), False)

    def written(self, questions, how, numbers, *, done=None):
        for at in range(0, len(questions), 2):  # in batches of two
            found = {
                place: self.answer(questions[place], how, number=numbers[place])
                for place in range(at, min(at + 2, len(questions)))
            }
            done(len(found), len(found) / len(questions))
            yield found

    def scored(self, questions, how, *, done=None):
        for place, question in enumerate(questions):
            yield {place: self.probabilities(question, how)}

    def probabilities(self, question, how) -> Sequence[float]:
        """Longer options have more."""
        lengths = [len(text) for text in question.completions]
        return [length / sum(lengths) for length in lengths]
