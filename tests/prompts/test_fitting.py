"""What a prompt loses where it is too long: made-up records, a word being a token."""

import pytest
from template_toys import FORWARD, LABELS, task_of, template_of, write

from flanlike.batches import features
from flanlike.prompts import fitting, render
from flanlike.tasks import layouts, task, template_files

PASSAGE = " ".join(f"w{number}" for number in range(300))
QUESTION = "What did the man at the door of the old mill want from the two girls that night?"
OPTIONS = ["some bread and a bed", "a horse", "nothing at all", "to sell them a song"]
RACE = {"passage": PASSAGE, "question": QUESTION, "options": OPTIONS, "label": 2}
RACE_INPUT = "Read this.\n\n{passage}\n\nNow answer: {question}\n\n{options}"
IMDB = {"text": f"{PASSAGE} awful.", "label": 1}
IMDB_INPUT = "{options}\n\nWhich is it? Choose one for the review below.\n\n{text}"
LAYOUT = layouts.Layout(
    option_styles=(
        layouts.OptionStyle(),
        layouts.OptionStyle(
            name="letters", item="({label}) {text}", labels="letters", answer="{label}"
        ),
    )
)


class Words:
    """A vocabulary of one id a word; a newline is a token, as ours has it."""

    marks = features.Marks()

    def encode(self, text):
        return [len(word) for word in text.replace("\n", " N ").split()]


class Letters(Words):
    """One id a character, and BOS before a decoder's inputs."""

    marks = features.Marks(eos_id=1, bos_id=2)

    def encode(self, text):
        return [ord(c) for c in text]


def race(**changes):
    answers = task.Choices()
    return task_of("race", answers, ("passage", "question"), **changes)


def imdb(**changes):
    return task_of("imdb", LABELS, ("text",), **changes)


def fit(limit, its_task, input, record, *, family="decoder", words=None, target="{answer}", **how):
    how = {"seed": 7, "row_id": "r", "kind": "forward"} | how
    template = template_of(input=input, target=target, kind=how.pop("kind"))
    words = words or Words()
    room = features.room(words, limit, family)
    fitted = fitting.fit(
        room, its_task, template, record, layout=LAYOUT, source="toy", split="train", **how
    )
    if fitted.prompt is not None:
        assert list(fitted.ids) == room.read(fitted.prompt.inputs)
        limits = features.LengthLimits(max_input_tokens=limit, max_target_tokens=9)
        features.to_example(fitted.ids, [3], limits, family=family, marks=words.marks)
    return fitted


@pytest.mark.parametrize("family", ["decoder", "encoder_decoder"])
@pytest.mark.parametrize("option_style", [None, "letters"])
@pytest.mark.parametrize("words", [Words(), Letters()])
def test_template_question_and_options_survive_and_the_passage_loses_its_end(
    family, option_style, words
):
    length = len(words.encode(RACE_INPUT)) + len(words.encode(QUESTION + "\n".join(OPTIONS)))
    limit = length + 60
    fitted = fit(
        limit, race(), RACE_INPUT, RACE, words=words, family=family, option_style=option_style
    )
    whole = fit(
        10_000, race(), RACE_INPUT, RACE, words=words, family=family, option_style=option_style
    )
    inputs = fitted.prompt.inputs
    head, _, rest = inputs.partition("w0 w1 w2 ")
    whole_head, _, whole_rest = whole.prompt.inputs.partition("w0 w1 w2 ")
    assert head == whole_head == "Read this.\n\n"
    end = "\n\nNow answer: "
    assert rest.partition(end)[2] == whole_rest.partition(end)[2]
    kept = "w0 w1 w2 " + rest.partition(end)[0]
    assert PASSAGE.startswith(kept + " ") and kept
    assert limit - 12 <= len(fitted.ids) <= limit  # the room is used, but for part of a word
    assert fitted.prompt.options == whole.prompt.options
    assert fitted.prompt.gold == whole.prompt.gold
    assert fitted.prompt.targets == whole.prompt.targets
    told = fitted.prompt.provenance
    assert told.cut_tokens == fitted.whole_tokens - len(fitted.ids) == fitted.lost_tokens > 0
    assert whole.prompt.provenance.cut_tokens == 0


@pytest.mark.parametrize("family", ["decoder", "encoder_decoder"])
def test_options_before_a_long_text_survive(family):
    inputs = fit(60, imdb(), IMDB_INPUT, IMDB, family=family).prompt.inputs
    assert inputs.startswith("Options:\n- ") and "- yes" in inputs and "- no" in inputs
    assert "Which is it? Choose one for the review below.\n\nw0 w1" in inputs


def test_a_task_may_have_its_middle_cut():
    inputs = fit(60, imdb(cut={"text": "middle"}), IMDB_INPUT, IMDB).prompt.inputs
    text = inputs.partition("below.\n\n")[2]
    head, tail = text.split(" ... ")
    assert head.startswith("w0 w1 w2") and tail.endswith("w299 awful.")
    assert PASSAGE.startswith(head) and f"{PASSAGE} awful.".endswith(tail)
    assert abs(len(head) - len(tail)) <= 8  # characters: a word more or less


def test_a_prompt_that_would_need_a_field_cut_that_never_is_is_left_out():
    fitted = fit(60, imdb(cut={"text": "never"}), IMDB_INPUT, IMDB)
    assert (fitted.prompt, fitted.ids) == (None, None)
    assert fitted.lost_tokens == fitted.whole_tokens > 300
    question = {**RACE, "passage": "w0", "question": PASSAGE}
    assert fit(60, race(), RACE_INPUT, question).prompt is None


def test_a_prompt_without_room_for_some_words_of_the_field_is_left_out():
    least = next(limit for limit in range(200) if fit(limit + 2, race(), RACE_INPUT, RACE).prompt)
    kept = fit(least + 2, race(), RACE_INPUT, RACE).prompt.inputs
    assert fitting.LEAST_TOKENS - 3 <= kept.count("w") - 4 <= fitting.LEAST_TOKENS + 3
    assert fit(least + 1, race(), RACE_INPUT, RACE).prompt is None


def test_the_longest_fields_are_cut_to_a_common_length_and_short_ones_not_at_all():
    fields = ("one", "two", "three")
    record = {
        "one": " ".join(f"a{i}" for i in range(200)),
        "two": " ".join(f"b{i}" for i in range(80)),
        "three": " ".join(f"c{i}" for i in range(20)),
        "label": 0,
    }
    inputs = fit(133, task_of("t", LABELS, fields), "{one} | {two} | {three}", record).prompt.inputs
    counts = [inputs.count(letter) for letter in "abc"]
    assert counts[2] == 20 and abs(counts[0] - counts[1]) <= 3 and sum(counts) >= 133 - 9
    (loose,) = [fit(250, task_of("t", LABELS, fields), "{one} | {two} | {three}", record)]
    assert [loose.prompt.inputs.count(letter) for letter in "bc"] == [80, 20]


def test_a_field_that_stands_twice_is_cut_in_both_places():
    inputs = fit(80, imdb(), "{text}\nOnce more: {text}\n\n{options}", IMDB).prompt.inputs
    first, _, second = inputs.partition("\nOnce more: ")
    assert second.partition("\n\n")[0] == first and 20 < len(first.split()) < 40


def test_exemplars_go_first_and_then_the_query_is_cut():
    short = {**RACE, "passage": "It was late."}
    exemplars = [render.Exemplar(record=short, row_id=f"e{i}") for i in range(3)]
    few = fit(460, race(), RACE_INPUT, RACE, exemplars=exemplars).prompt
    assert 0 < few.provenance.shots < 3 and few.provenance.cut_tokens == 0
    none = fit(200, race(), RACE_INPUT, RACE, exemplars=exemplars).prompt
    bare = fit(200, race(), RACE_INPUT, RACE).prompt
    assert none.provenance.shots == 0 < none.provenance.cut_tokens
    assert none.inputs.count("Now answer:") == 1 == bare.inputs.count("Now answer:")


@pytest.mark.parametrize("style", ["options-only", "task-name", "inputs-only"])
def test_controls_lose_the_same_field(style):
    inputs = fit(100, race(), RACE_INPUT, RACE, style=style).prompt.inputs
    assert QUESTION in inputs and "w0 w1" in inputs and "w299" not in inputs
    assert ("- a horse" in inputs) == (style == "options-only")
    assert inputs.startswith("race\n") == (style == "task-name")


def test_an_inverted_prompt_loses_its_field_and_keeps_its_target():
    said = fit(
        60, race(), "Ask about it: {passage} ({answer})", RACE, kind="inverted", target="{question}"
    ).prompt
    assert said.targets == QUESTION and said.references == (QUESTION,)
    assert said.inputs.startswith("Ask about it: w0") and said.inputs.endswith("(nothing at all)")
    summary = task_of("news", task.FreeText(), ("article",), metrics=("rougeLsum",))
    record = {"article": "It rained.", "references": [PASSAGE]}
    input, target = "Write the news behind: {answer}", "{article}"
    said = fit(40, summary, input, record, kind="inverted", target=target).prompt
    assert said.inputs.startswith("Write the news behind: w0") and "w299" not in said.inputs
    assert said.targets == "It rained."


def test_a_target_that_repeats_a_field_has_all_of_it():
    record = {**RACE, "passage": PASSAGE}
    said = fit(90, race(), RACE_INPUT, record, target="{answer} ({passage})").prompt
    assert said.targets == f"nothing at all ({PASSAGE})"


def test_scripts_without_spaces_are_cut_between_characters():
    text = "雨が降った。" * 100
    inputs = fit(120, imdb(), IMDB_INPUT, {"text": text, "label": 0}, words=Letters())
    kept = inputs.prompt.inputs.partition("below.\n\n")[2]
    assert text.startswith(kept) and 18 <= len(kept) < 60


def test_what_fits_is_rendered_as_without_a_limit(tmp_path):
    toy = task_of()
    template_set = template_files.load(write(tmp_path, FORWARD), toy)
    record = {"premise": "It rains.", "hypothesis": "It is dry.", "label": 1}
    how = {"layout": template_set.layout, "source": "s", "split": "train", "row_id": "r", "seed": 3}
    (template,) = template_set.templates
    plain = render.render(toy, template, record, **how)
    room = features.room(Words(), 50, "decoder")
    assert fitting.fit(room, toy, template, record, **how).prompt == plain
    assert fitting.fit(None, toy, template, record, **how).prompt == plain


def test_a_task_cuts_what_it_has_in_a_way_that_there_is():
    assert imdb().cut_of("text") == "end" and race().cut_of("question") == "never"
    for cut in ({"txt": "end"}, {"text": "start"}):
        with pytest.raises(ValueError, match="task 'imdb': cut is .*; expected a field"):
            imdb(cut=cut)


def test_counts_add_up_and_tell_of_tasks_that_lose_something():
    cut = fit(60, imdb(), IMDB_INPUT, IMDB).prompt
    counts = [fitting.counts_of(cut), fitting.counts_of(None)]
    lost = cut.provenance.cut_tokens
    assert fitting.added(counts) == (1, 1, lost, 1, 0)
    assert fitting.as_json({"a": fitting.added(counts), "b": fitting.TaskCounts(prompts=4)}) == {
        "a": {"prompts": 1, "cut": 1, "cut_tokens": lost, "left_out": 1, "unknown_targets": 0}
    }


class Talker(Words, features.Speaker):
    """A word is a token, and so is each turn's beginning."""

    def asked(self, text):
        return [0, *self.encode(text)]

    def read_turns(self, turns):
        ids = [[0, *self.encode(text)] for _, text in turns]
        weights = [[float(role == "assistant")] * (1 + len(text.split())) for role, text in turns]
        return fitting.Read(sum(ids, []), sum(weights, []))


SYSTEM, LONG = ("system", "be kind to all"), " ".join(["word"] * 40)
TALK = [
    *(("user", "one two three"), ("assistant", "four five")),
    *(("user", LONG), ("assistant", "six")),
    *(("user", "seven eight"), ("assistant", "nine")),
]


def talk(limit, turns, words=None):
    """Returns the turns that are left of a conversation, and how it was fitted."""
    its_task = task_of("talk", task.FreeText(), ("instruction",), metrics=("exact_match",))
    record = {"instruction": "all of it", "references": ["nine"], "turns": turns}
    fitted = fitting.fit(
        features.room(words or Talker(), limit, "decoder"),
        its_task,
        template_of(input="{instruction}", target="{answer}"),
        record,
        **{"layout": LAYOUT, "source": "toy", "split": "train", "row_id": "r", "seed": 7},
    )
    return fitted.prompt and [text for _, text in fitted.prompt.turns], fitted


@pytest.mark.parametrize("system", [[], [SYSTEM]])
def test_a_conversation_loses_whole_turns_the_oldest_first(system):
    said = [text for _, text in system]
    more = 5 * len(system)
    texts, fitted = talk(100, system + TALK)
    assert texts == [*said, *(text for _, text in TALK)]
    assert fitted.prompt.provenance.cut_tokens == 0
    texts, fitted = talk(50 + more, system + TALK)
    assert texts == [*said, LONG, "six", "seven eight", "nine"]
    assert fitted.prompt.provenance.cut_tokens == fitted.lost_tokens == 7
    assert fitted.prompt.inputs == f"User: {LONG}\n\nAssistant: six\n\nUser: seven eight"
    assert len(fitted.ids) == len(fitted.answers) <= 50 + more
    assert sum(fitted.answers) == 2
    for limit in (45, 3):
        texts, fitted = talk(limit + more, system + TALK)
        assert texts == [*said, "seven eight", "nine"]
    assert fitted.prompt.inputs == "seven eight"
    assert fitting.counts_of(fitted.prompt).cut == 1


@pytest.mark.parametrize("system", [[], [SYSTEM]])
def test_no_more_turns_go_than_have_to(system):
    """What a template puts around a turn goes with it."""
    few = [*(("user", f"a{n}") for n in range(9))]
    said = [turn for asked in few for turn in (asked, ("assistant", "b"))]
    more = 5 * len(system)
    for left in range(1, 10):
        whole = 4 * left - 2 + more  # each word and each turn's beginning; the last has no answer
        for spare in (0, 3):
            texts, _ = talk(whole + spare, [*system, *said])
            assert len(texts) - len(system) == 2 * left


def test_the_systems_turn_and_the_last_question_are_never_cut():
    texts, fitted = talk(7, [SYSTEM, *TALK])
    assert texts is None
    assert fitting.counts_of(fitted.prompt).left_out == 1
    assert fitted.lost_tokens == fitted.whole_tokens == 5 + 4 + 3 + 41 + 2 + 3


def test_a_conversation_outside_a_chat_is_text_like_any_other():
    texts, fitted = talk(100, TALK, words=Words())
    assert (texts, fitted.prompt.inputs, fitted.answers) == ([], "all of it", None)
