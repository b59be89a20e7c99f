"""One model that answers: as generation writes, and as an evaluation scores."""

import dataclasses
import itertools

import pytest
from model_toys import DECODER, ENCODER_DECODER

import task_registry
from eval import protocol, questions, results
from flanlike import config as config_lib
from flanlike import errors, models
from flanlike.asking import answering, settings
from flanlike.batches import chat, features
from flanlike.models import generate, tuning
from flanlike.runs import loading

SHAPES = {"decoder": DECODER, "encoder_decoder": ENCODER_DECODER}
FEW = settings.Settings(max_new_tokens=12)
WARM = settings.Settings(max_new_tokens=12, temperature=1.0)


def put(text, *before):
    return answering.Question(text=text, before=before)


@pytest.fixture(scope="module", params=SHAPES)
def loaded(request, words):
    shape = dataclasses.replace(SHAPES[request.param], vocab_size=words.size)
    return loading.Loaded(model=models.build(shape, seed=3), words=words, step=None)


@pytest.fixture(scope="module")
def answerer(loaded):
    return answering.Answerer(loaded, "toy")


def test_options_have_the_probabilities_of_an_evaluation(loaded, answerer):
    asked = questions.collect(
        ["rte", "copa"],
        task_registry.registry(),
        loaded.words,
        data="embedded",
        family=answerer.family,
        settings=config_lib.EvalConfig(rows_per_task=1, validation_rows=0, generation_rows=1),
    )
    setting = results.Setting(run="toy", step=0, data="embedded", seed=0)
    samples = protocol.evaluate(loaded.model, loaded.words, asked, setting=setting).samples
    ranked = [sample for sample in samples if sample.options]
    assert {sample.task for sample in ranked} == {"rte", "copa"}
    for sample in (ranked[0], ranked[-1]):
        question = answering.Question(text=sample.inputs, options=sample.options)
        found = answerer.probabilities(question, FEW)
        assert found == pytest.approx(sample.probabilities, abs=2e-6)
        assert sum(found) == pytest.approx(1) and len(set(found)) > 1
    many = [answering.Question(text=one.inputs, options=one.options) for one in ranked]
    scored = {}
    for batch in answerer.scored(many, FEW):
        scored.update(batch)
    for place, sample in enumerate(ranked):
        assert scored[place] == pytest.approx(sample.probabilities, abs=2e-6)


def test_what_is_written_for_an_option_is_what_is_scored(answerer):
    plain = answering.Question(text="so?", options=("It is yes.", "It is no."))
    worded = dataclasses.replace(plain, options=("yes", "no"), written=plain.options)
    assert answerer.probabilities(worded, FEW) == answerer.probabilities(plain, FEW)


def _expected(loaded, text, **how):
    """Returns what generation writes to a text that is encoded as in an evaluation."""
    family = loaded.model.config.family
    ids = loaded.words.encode(features.inputs_text(text, family))
    [one] = generate.generate(loaded.model, [ids], max_new_tokens=12, **how)
    return answering.Answer(loaded.words.decode(one.ids), len(one.ids), one.is_cut)


def test_an_answer_is_told_in_pieces_and_is_that_of_generation(loaded, answerer):
    pieces = []
    found = answerer.answer(put("Is it so?"), FEW, number=0, tell=pieces.append)
    assert found == _expected(loaded, "Is it so?")
    assert "".join(pieces) == found.text and len(pieces) == found.tokens + 1


def test_what_is_drawn_depends_on_the_seed_and_the_number(answerer):
    drawn = [answerer.answer(put("so?"), WARM, number=n).text for n in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    other = dataclasses.replace(WARM, seed=1)
    assert answerer.answer(put("so?"), other, number=0).text != drawn[0]


def test_many_answers_are_those_of_one_by_one(answerer):
    texts = ["Is it so?", "no", "yes yes yes yes yes"]
    asked = [answering.Question(text=text) for text in texts]
    how = dataclasses.replace(WARM, stop=("a",))
    found = {}
    for batch in answerer.written(asked, how, [3, 4, 5]):
        found.update(batch)
    for place, text in enumerate(texts):
        one = answerer.answer(put(text), how, number=3 + place)
        assert found[place][::2] == one[::2], text  # text, and whether it was cut


def test_an_answer_ends_at_a_stop_string_or_when_it_is_stopped(answerer):
    whole = answerer.answer(put("Is it so?"), FEW, number=0)
    letter = whole.text[4]
    stopped = answerer.answer(put("Is it so?"), dataclasses.replace(FEW, stop=(letter,)), number=0)
    assert stopped.text == whole.text.partition(letter)[0] and not stopped.is_cut
    asked = itertools.count()
    found = answerer.answer(put("Is it so?"), FEW, number=0, goes_on=lambda: next(asked) < 3)
    assert found.tokens == 4 and found.is_cut and whole.text.startswith(found.text)


def test_what_is_compiled_is_known(loaded):
    fresh = answering.Answerer(loaded, "toy")
    assert fresh.is_new(put("Is it so?"), FEW)
    fresh.answer(put("Is it so?"), FEW, number=0)
    assert not fresh.is_new(put("Or is it not?"), FEW)
    assert fresh.is_new(put("word " * 60), FEW)
    assert fresh.is_new(put("so?"), dataclasses.replace(FEW, temperature=0.5))


def test_a_question_that_is_too_long_or_no_text_is_refused(loaded, words):
    answerer = answering.Answerer(loaded, "toy")
    short = settings.Settings(max_input_tokens=8)
    with pytest.raises(errors.UserError, match=r"has \d+ tokens, and --max-input-tokens is 8"):
        answerer.ids(put("a long long question"), short)
    with pytest.raises(errors.UserError, match="the question has half of a surrogate pair"):
        answerer.ids(put("\ud83d"), FEW)
    with pytest.raises(errors.UserError, match="'yes' and 'yes' are the same tokens"):
        answerer.probabilities(answering.Question(text="so?", options=("yes", "yes")), FEW)
    with pytest.raises(errors.UserError, match="are the same tokens"):
        answerer.expect(answering.Question(text="so?", options=("yes", "yes")), FEW)
    answerer.expect(answering.Question(text="so?", options=("yes", "no")), FEW)


def test_a_decoder_has_room_for_what_it_was_made_to_read(words):
    shape = dataclasses.replace(DECODER, vocab_size=words.size, max_positions=40)
    model = models.build(shape, seed=3)
    tuning.attach(model, config_lib.SoftPromptConfig(tokens=5), seed=0)
    answerer = answering.Answerer(loading.Loaded(model=model, words=words, step=None), "toy")
    how = settings.Settings(max_new_tokens=20)
    fits = next(n for n in range(40) if len(words.encode("a" * n + "\n")) == 15)
    assert answerer.room_for_text(how).tokens == 15 and answerer.room(how) == 20
    assert len(answerer.ids(put("a" * fits), how)) == 15
    with pytest.raises(errors.UserError, match=r"made to read 40, has room for 20: shorten it"):
        answerer.ids(put("a" * (fits + 1)), how)


def test_a_question_is_a_turn_where_the_words_are_in_a_chat(loaded, words):
    talk = chat.spoken(words, True)
    answerer = answering.Answerer(dataclasses.replace(loaded, words=talk), "toy")
    assert answerer.ids(put("so?"), FEW) == talk.prompt([{"role": "user", "content": "so?"}])
    assert answerer.ids(put("so?"), FEW) != answering.Answerer(loaded, "toy").ids(put("so?"), FEW)


SYSTEM, FIRST, THEN = ("system", "Be brief."), ("user", "so?"), ("assistant", "It is so.")


def test_a_question_is_read_behind_what_was_said_before_it(loaded, words):
    talk = chat.spoken(words, True)
    answerer = answering.Answerer(dataclasses.replace(loaded, words=talk), "toy")
    assert answerer.is_chat and not answering.Answerer(loaded, "toy").is_chat
    question = put("and why?", SYSTEM, FIRST, THEN)
    messages = [{"role": role, "content": said} for role, said in question.turns]
    assert messages[-1] == {"role": "user", "content": "and why?"}
    ids = answerer.ids(question, FEW)
    assert ids == talk.prompt(messages)
    assert (
        answerer.answer(question, FEW, number=0).text
        != answerer.answer(put("and why?"), FEW, number=0).text
    )
    options = [dataclasses.replace(one, options=("yes", "no")) for one in (question, put("why?"))]
    first, second = (answerer.probabilities(one, FEW) for one in options)
    assert first != second


def test_whole_turns_go_where_there_is_no_room_the_oldest_first(loaded, words):
    talk = chat.spoken(words, True)
    answerer = answering.Answerer(dataclasses.replace(loaded, words=talk), "toy")
    whole = put("and why?", SYSTEM, ("user", "Hi"), ("assistant", ""), FIRST, THEN)
    few = put("and why?", SYSTEM, FIRST, THEN)
    least = put("and why?", SYSTEM)
    marks = answerer.family != "decoder"

    def room(tokens):
        return settings.Settings(max_new_tokens=12, max_input_tokens=tokens + marks)

    for fitting_one, shorter in ((whole, few), (few, least)):
        count = len(answerer.ids(fitting_one, FEW))
        assert answerer.fitted(whole, room(count)) == fitting_one
        assert answerer.fitted(whole, room(count - 1)) == shorter
        assert answerer.ids(shorter, room(count - 1))
    count = len(answerer.ids(least, FEW))
    assert answerer.fitted(whole, room(count - 1)) == least  # and it is refused
    with pytest.raises(errors.UserError, match=r"tokens with what is said before it, and --max-in"):
        answerer.ids(least, room(count - 1))
    with pytest.raises(errors.UserError, match="the question has half of a surrogate pair"):
        answerer.fitted(put("\ud83d", SYSTEM), FEW)


def test_no_number_is_no_probability(words):
    shape = dataclasses.replace(DECODER, vocab_size=words.size)
    model = models.build(shape, seed=3)
    model.embedding.table[...] *= float("nan")
    answerer = answering.Answerer(loading.Loaded(model=model, words=words, step=None), "broken")
    with pytest.raises(errors.NotFinite, match="broken: an option's probability is no number"):
        answerer.probabilities(answering.Question(text="so?", options=("yes", "no")), FEW)
