"""Words in a conversation: the ids of a chat template, as transformers gives them."""

import pickle

import chat_toys
import published_toys
import pytest

from flanlike import errors
from flanlike.batches import chat, features, tokenizer, vocabulary

ASK = {"role": "user", "content": "is it red?"}
TALK = [
    {"role": "system", "content": "be so"},
    ASK,
    {"role": "assistant", "content": "no, it is blue"},
    {"role": "user", "content": "is it\nnot red?  "},
]
SHAPES = pytest.mark.parametrize("shape", chat_toys.TEMPLATES)
HIDES = "with tools, blocks on their own lines and a namespace (Qwen 3)"  # what was thought
KINDS = pytest.mark.parametrize("kind", ["byte_level", "byte_fallback"])


def turns(messages):
    return [(message["role"], message["content"]) for message in messages]


def learned(talk, read):
    """Returns the pieces that are learned, and those that are not, each in one list."""
    each = [*zip(talk.pieces(read.ids), read.answers, strict=True)]
    return [p for p, w in each if w], [p for p, w in each if not w]


@SHAPES
@KINDS
def test_prompts_are_those_of_transformers(shape, kind, tmp_path):
    transformers = pytest.importorskip("transformers", reason="needs the extra 'parity'")
    files = chat_toys.files(kind, chat_toys.TEMPLATES[shape])
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    theirs = transformers.PreTrainedTokenizerFast.from_pretrained(tmp_path)
    talk = chat.Chat.of(tmp_path)
    whole = [*TALK, {"role": "assistant", "content": " it is "}]
    for messages in ([ASK], [ASK, whole[2]], TALK, whole, TALK[1:]):
        if not talk.takes_system and messages[0]["role"] == "system":
            continue
        for generation in (True, False):
            expected = theirs.apply_chat_template(
                messages, add_generation_prompt=generation, return_dict=False
            )
            assert talk.prompt(messages, generation=generation) == expected


@SHAPES
@KINDS
def test_a_prompt_and_its_answer_are_the_whole_conversation(shape, kind):
    talk = chat_toys.words(chat_toys.TEMPLATES[shape], kind)
    whole = talk.prompt([ASK, TALK[2]], generation=False)
    said = [*talk.asked(ASK["content"]), *talk.encode(TALK[2]["content"]), talk.marks.eos_id]
    assert whole[: len(said)] == said
    assert talk.decode(said[len(talk.asked(ASK["content"])) :]) == TALK[2]["content"]


@SHAPES
@KINDS
def test_what_is_learned_of_a_conversation_are_answers_and_their_ends(shape, kind):
    talk = chat_toys.words(chat_toys.TEMPLATES[shape], kind)
    messages = TALK if talk.takes_system else TALK[1:]
    read = talk.read_turns(turns(messages))
    assert read.ids == talk.prompt(messages)
    answer, others = learned(talk, read)
    expected = [*talk.encode(TALK[2]["content"]), talk.marks.eos_id]
    assert answer == talk.pieces(expected)
    assert len(answer) + len(others) == len(read.ids)


def test_what_spells_a_mark_in_a_message_is_text():
    talk = chat_toys.words()
    marks = {talk.marks.eos_id, *talk.words.encode_spelt("<|turn|>")}
    plain = talk.asked("is it so")
    for text in (
        "so<|stop|>\n<|turn|>assistant\nno",
        "<|<|stop|>stop|>",
        "<|stop|>" * 3,
        "<|end|>",
    ):
        ids = talk.asked(text)
        assert [i for i in ids if i in marks] == [i for i in plain if i in marks]
        assert text in talk.words.decode(ids)  # and nothing of it is lost
        assert not marks & set(talk.encode(text))
        assert talk.decode(talk.encode(text)) == text
        read = talk.read_turns([("user", "is"), ("assistant", text), ("user", "so")])
        answer, _ = learned(talk, read)
        assert answer == talk.pieces([*talk.encode(text), talk.marks.eos_id])


def test_a_token_that_is_no_mark_but_the_template_has_it_is_kept_apart_too():
    import tokenizers

    files = chat_toys.files("byte_level", chat_toys.CHATML.replace("<|stop|>", "<halt>"))
    made = tokenizers.Tokenizer.from_str(files["tokenizer.json"].decode())
    made.add_tokens(["<halt>", "<b>"])
    files["tokenizer.json"] = made.to_str().encode()
    talk = chat.Chat(tokenizer.PublishedTokenizer(files))
    assert talk.asked("a<halt>").count(made.token_to_id("<halt>")) == 1
    assert talk.marks.eos_id == made.token_to_id("<halt>")
    assert talk.asked("a<b>").count(made.token_to_id("<b>")) == 1  # text, in one token


def test_beginnings_and_ends_are_there_once():
    shape = "headers and a day (Llama 3)"
    talk = chat_toys.words(chat_toys.TEMPLATES[shape])
    words = talk.words
    assert words.marks.bos_id is not None  # and plain inputs begin with it
    assert talk.marks == features.Marks(words.encode_spelt("<|stop|>")[0], None, False)
    limits = features.LengthLimits(max_input_tokens=60, max_target_tokens=20)
    example = features.to_example(
        talk.asked("so"), talk.encode("no"), limits, family="decoder", marks=talk.marks
    )
    assert list(example.inputs).count(words.marks.bos_id) == 1
    assert example.inputs[0] == words.marks.bos_id
    assert list(example.targets).count(talk.marks.eos_id) == 1
    assert example.targets[-1] == talk.marks.eos_id
    room = features.room(talk, 60, "decoder")
    assert room.tokens == 60
    assert room.read("so") == talk.asked("so")
    assert features.inputs_ids(talk, "decoder", "so") == talk.asked("so")


def test_a_system_turn_that_a_template_does_not_take_is_in_the_users():
    talk = chat_toys.words(
        chat_toys.TEMPLATES["no system turn, and the assistant by another name (Gemma)"]
    )
    assert not talk.takes_system
    first = {"role": "user", "content": "be so\n\nis it red?"}
    assert talk.prompt(TALK) == talk.prompt([first, *TALK[2:]])
    assert any("has no system turn" in line for line in chat.told(talk))


def test_words_without_a_template_have_a_plain_one(tmp_path):
    words = vocabulary.Vocabulary.train([*published_toys.TEXTS, "User: Assistant:"] * 3, 300)
    talk = chat.Chat(words)
    text = "User:\nis it red?\n\nAssistant:\n"
    assert (talk.is_own, talk.asked("is it red?")) == (False, words.encode(text))
    assert (talk.encode("no"), talk.marks) == (words.encode("no"), words.marks)
    read = talk.read_turns(turns(TALK))
    answer, _ = learned(talk, read)
    assert answer == words.pieces([*words.encode("no, it is blue"), features.EOS_ID])
    assert read.ids.count(features.EOS_ID) == 1
    talk.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [vocabulary.FILE_NAME]
    [line] = chat.told(talk)
    assert line.endswith("by a plain chat template, for the model's files bring none")


@pytest.mark.parametrize("has_bos", [True, False])
def test_the_plain_template_stays_with_a_published_tokenizer(has_bos, tmp_path):
    files = published_toys.byte_level(add_bos_token=has_bos)
    talk = chat.Chat(tokenizer.PublishedTokenizer(files))
    talk.save(tmp_path)
    again = chat.Chat.of(tmp_path)
    assert (talk.is_own, again.is_own) == (False, True)
    assert again.prompt(TALK) == talk.prompt(TALK)
    assert again.marks == talk.marks
    assert (talk.prompt(TALK)[0] == talk.words.first_id) == has_bos
    transformers = pytest.importorskip("transformers", reason="needs the extra 'parity'")
    theirs = transformers.PreTrainedTokenizerFast.from_pretrained(tmp_path)
    asked = theirs.apply_chat_template(TALK, add_generation_prompt=True, return_dict=False)
    assert talk.prompt(TALK) == asked


def test_an_encoders_words_have_a_plain_one_too():
    talk = chat.Chat(tokenizer.PublishedTokenizer({"spiece.model": published_toys.pieces_model()}))
    assert talk.asked("is it red?")[-1] != talk.marks.eos_id
    assert talk.encode("no") == talk.words.encode("no")
    assert talk.prompt(TALK).count(talk.marks.eos_id) == 1


def test_a_chat_pickles_and_tells_what_its_tokenizer_does():
    talk = chat_toys.words()
    again = pickle.loads(pickle.dumps(talk))
    assert again.prompt(TALK) == talk.prompt(TALK)
    words = talk.words
    assert (talk.size, talk.fingerprint, talk.unknown_id) == (
        *(words.size, words.fingerprint, words.unknown_id),
    )
    assert chat.spoken(words, False) is words
    assert [*chat.told(words)] == []


def test_a_template_that_hides_what_is_said_is_told():
    with pytest.raises(errors.UserError, match="the chat template does not show what is said"):
        chat_toys.words("{% for message in messages %}{{ message.role }}{% endfor %}")


def test_of_a_template_that_hides_earlier_answers_they_are_not_known():
    talk = chat_toys.words(chat_toys.TEMPLATES[HIDES])
    said = [*TALK[1:2], {"role": "assistant", "content": "it is</so>blue"}, TALK[3]]
    read = talk.read_turns(turns(said))
    assert read == (talk.prompt(said), None)
    assert "it is" not in talk.words.decode(read.ids).replace("is it", "")
