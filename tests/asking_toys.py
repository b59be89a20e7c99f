"""Who answers in letters, without a model; and a small model in a folder."""

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
    """Answers by the question's text in capitals, letter by letter; "stop" is pressed at "!"."""

    family = "decoder"
    parameters = 7

    def __init__(self, name: str = "echo", most: int = 90) -> None:
        self.name, self._most = name, most
        self.asked: list[tuple[str, int]] = []  # texts and numbers

    def room_for_text(self, how):
        return fitting.Room(tokens=1000, read=list, encode=list)

    def ids(self, text, how):
        if len(text) > self._most:
            raise errors.UserError(f"the question has {len(text)} tokens: shorten it")
        return [ord(c) for c in text]

    def is_new(self, text, how):
        return False

    def answer(self, text, how, *, number, tell=lambda text: None, goes_on=lambda: True):
        self.asked.append((text, number))
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
                place: self.answer(questions[place].text, how, number=numbers[place])
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
