"""Translation. A row is asked one way: from English or into it, as a hash of its content says.

So half of a split's rows go each way, the same in every run, and a figure is over both; inverted
templates ask for the other way, so that training on a row may go in both directions.
"""

import html
from collections.abc import Callable

from flanlike import seeding
from flanlike.tasks import task
from task_registry import columns

_FIELDS = ("source", "source_language", "target_language")
_WHOLE = {"source": "never", "answer": "never"}  # half of it has another translation
_WMT = "none stated on the hub (WMT's data: for research)"
_WMT14 = "https://www.statmt.org/wmt14/translation-task.html"
_WMT16 = "https://www.statmt.org/wmt16/translation-task.html"
_WMT_SPLITS = {"train": "train", "validation": "validation[:200]", "test": "test"}
# Of the 200 languages of FLORES those that are asked: of many families, scripts and sizes.
_FLORES = {
    "arb_Arab": "Arabic", "ben_Beng": "Bengali", "ces_Latn": "Czech", "deu_Latn": "German",
    "ell_Grek": "Greek", "fin_Latn": "Finnish", "fra_Latn": "French", "heb_Hebr": "Hebrew",
    "hin_Deva": "Hindi", "ind_Latn": "Indonesian", "isl_Latn": "Icelandic", "jpn_Jpan": "Japanese",
    "kor_Hang": "Korean", "por_Latn": "Portuguese", "ron_Latn": "Romanian", "rus_Cyrl": "Russian",
    "spa_Latn": "Spanish", "swh_Latn": "Swahili", "tam_Taml": "Tamil", "tur_Latn": "Turkish",
    "ukr_Cyrl": "Ukrainian", "vie_Latn": "Vietnamese", "yor_Latn": "Yoruba",
    "zho_Hans": "Chinese (simplified)",
}  # fmt: skip
# TFDS says where to put what it cannot download by itself.
_CZENG = "CzEng 1.6pre has to be downloaded by hand from https://ufal.mff.cuni.cz/czeng/czeng16pre"
_YANDEX = (
    "the Yandex 1M corpus has to be downloaded by hand from https://translate.yandex.ru/corpus"
)


def para_crawl_enes() -> task.Task:
    """ParaCrawl, English and Spanish, https://paracrawl.eu; it has a train split only.

    {"translation": {"en": "We open at nine.", "es": "Abrimos a las nueve."}}       the hub
    {"en": "We open at nine.", "es": "Abrimos a las nueve."}                        TFDS
    """
    return task.Task(
        name="para_crawl_enes",
        cluster="translation",
        fields=_FIELDS,
        cut=_WHOLE,
        answers=task.FreeText(),
        metrics=("bleu",),
        templates="translation",
        microworld="para_crawl_enes",
        splits={
            "train": "train[:-1200]",
            "validation": "train[-1200:-1000]",
            "test": "train[-1000:]",
        },
        preprocess=_from_spanish,
        hub=task.HubSource(
            repo="ParaCrawl/para_crawl",
            revision="refs/convert/parquet",
            data_dir="enes",
            columns={"translation": {"en": "string", "es": "string"}},
            unverified="whether the converted branch exists, and holds all rows",
        ),
        tfds=task.TfdsSource(name="para_crawl/enes:1.2.0"),
        licence="CC0-1.0",
        homepage="https://paracrawl.eu",
        flan_dataset="para_crawl_enes",
    )


def wmt14_enfr() -> task.Task:
    """WMT 2014, French and English, https://www.statmt.org/wmt14/translation-task.html

    Of the hub's 40 million train rows some files are read, with a hundredth of the rows or more.

    {"translation": {"fr": "Il pleut.", "en": "It rains."}}                         the hub
    {"fr": "Il pleut.", "en": "It rains."}                                          TFDS
    """
    return task.Task(
        name="wmt14_enfr",
        cluster="translation",
        fields=_FIELDS,
        cut=_WHOLE,
        answers=task.FreeText(),
        metrics=("bleu",),
        templates="translation",
        microworld="wmt14_enfr",
        splits=_WMT_SPLITS,
        preprocess=_from_french,
        hub=task.HubSource(
            repo="wmt/wmt14",
            config="fr-en",
            columns={"translation": {"fr": "string", "en": "string"}},
            slices={"train": 400_000},
        ),
        tfds=task.TfdsSource(name="wmt14_translate/fr-en:1.0.0"),
        licence=_WMT,
        homepage=_WMT14,
        flan_dataset="wmt14_enfr",
    )


def wmt16_translate_deen() -> task.Task:
    """WMT 2016, German and English, https://www.statmt.org/wmt16/translation-task.html

    {"translation": {"de": "Es regnet.", "en": "It rains."}}                        the hub
    """
    return _wmt16("de", _from_german)


def wmt16_translate_tren() -> task.Task:
    """WMT 2016, Turkish and English, https://www.statmt.org/wmt16/translation-task.html

    {"translation": {"tr": "Kar beyaz.", "en": "Snow is white."}}                   the hub
    """
    return _wmt16("tr", _from_turkish)


def wmt16_translate_csen() -> task.Task:
    """WMT 2016, Czech and English, https://www.statmt.org/wmt16/translation-task.html

    The hub's train rows lack CzEng, those of TFDS have it.

    {"translation": {"cs": "Prší.", "en": "It rains."}}                             the hub
    """
    return _wmt16("cs", _from_czech, manual=_CZENG)


def wmt16_translate_fien() -> task.Task:
    """WMT 2016, Finnish and English, https://www.statmt.org/wmt16/translation-task.html

    {"translation": {"fi": "Lumi on valkoista.", "en": "Snow is white."}}           the hub
    """
    return _wmt16("fi", _from_finnish)


def wmt16_translate_roen() -> task.Task:
    """WMT 2016, Romanian and English, https://www.statmt.org/wmt16/translation-task.html

    {"translation": {"ro": "Apa este rece.", "en": "The water is cold."}}           the hub
    """
    return _wmt16("ro", _from_romanian)


def wmt16_translate_ruen() -> task.Task:
    """WMT 2016, Russian and English, https://www.statmt.org/wmt16/translation-task.html

    The hub's train rows lack the Yandex corpus, those of TFDS have it.

    {"translation": {"ru": "Идёт дождь.", "en": "It rains."}}                       the hub
    """
    return _wmt16("ru", _from_russian, manual=_YANDEX)


def multi30k() -> task.Task:
    """Multi30k, English and German captions, https://github.com/multi30k/dataset

    {"en": "A dog runs.", "de": "Ein Hund rennt."}                                  the hub
    {"translation": {"en": "A dog runs.", "de": "Ein Hund rennt."}}                 a folder
    """
    return task.Task(
        name="multi30k",
        cluster="translation",
        fields=_FIELDS,
        cut=_WHOLE,
        answers=task.FreeText(),
        metrics=("bleu",),
        templates="translation",
        microworld="multi30k",
        splits=_WMT_SPLITS,
        preprocess=_multi30k,
        hub=task.HubSource(
            repo="bentrevett/multi30k",
            columns={"en": "string", "de": "string"},
            unverified="the repository and its columns",
        ),
        licence="none stated (derived from Flickr30K: research and education)",
        homepage="https://github.com/multi30k/dataset",
    )


def wmt_ende_tok() -> task.Task:
    """A sample of WMT's English and German in tokens, https://github.com/OpenNMT/OpenNMT-py

    The tokens are joined to plain text again.

    {"translation": {"en": "Yes , it rains .", "de": "Ja , es regnet ."}}           a folder
    """
    return task.Task(
        name="wmt_ende_tok",
        cluster="translation",
        fields=_FIELDS,
        cut=_WHOLE,
        answers=task.FreeText(),
        metrics=("bleu",),
        templates="translation",
        microworld="wmt_ende_tok",
        splits=_WMT_SPLITS,
        preprocess=_wmt_ende_tok,
        licence="MIT (the repository; WMT's data: for research)",
        homepage="https://github.com/OpenNMT/OpenNMT-py",
        how_to_get="copy data/src-train.txt and data/tgt-train.txt of "
        "https://github.com/OpenNMT/OpenNMT-py by hand and give --data a folder of rows",
    )


def flores200() -> task.Task:
    """FLORES-200, sentences of Wikimedia in 200 languages, https://github.com/facebookresearch/flores

    A benchmark: only evaluated, on devtest. A sentence is asked in one of 24 languages and English,
    which and which way as a hash of it says. `bleu` is by words or characters, not by spBLEU's
    pieces.

    {"id": 7, "sentence_eng_Latn": "It rains.", "sentence_fra_Latn": "Il pleut."}
    """
    return task.Task(
        name="flores200",
        cluster="translation",
        fields=_FIELDS,
        cut=_WHOLE,
        answers=task.FreeText(),
        metrics=("bleu",),
        templates="flores200",
        microworld="multi30k:flores200",
        splits={"validation": "dev", "test": "devtest"},
        preprocess=_flores200,
        hub=task.HubSource(
            repo="facebook/flores",
            config="all",
            columns={
                "id": "int32",
                "URL": "string",
                "domain": "string",
                "topic": "string",
                "has_image": "int32",
                "has_hyperlink": "int32",
                **{f"sentence_{code}": "string" for code in ("eng_Latn", *_FLORES)},
            },
            unverified="whether the configuration of all languages loads without the script of the "
            "repository; its columns of the other languages are not listed",
        ),
        licence="CC BY-SA 4.0",
        homepage="https://github.com/facebookresearch/flores",
    )


TASKS = [
    para_crawl_enes,
    wmt14_enfr,
    wmt16_translate_deen,
    wmt16_translate_tren,
    wmt16_translate_csen,
    wmt16_translate_fien,
    wmt16_translate_roen,
    wmt16_translate_ruen,
    multi30k,
    wmt_ende_tok,
    flores200,
]


def _wmt16(
    code: str, preprocess: Callable[[task.Row], task.Record], *, manual: str = ""
) -> task.Task:
    name = f"wmt16_translate_{code}en"
    return task.Task(
        name=name,
        cluster="translation",
        fields=_FIELDS,
        cut=_WHOLE,
        answers=task.FreeText(),
        metrics=("bleu",),
        templates="translation",
        microworld=name,
        splits=_WMT_SPLITS,
        preprocess=preprocess,
        hub=task.HubSource(
            repo="wmt/wmt16",
            config=f"{code}-en",
            columns={"translation": {code: "string", "en": "string"}},
        ),
        tfds=task.TfdsSource(name=f"wmt16_translate/{code}-en:1.0.0", manual=manual),
        licence=_WMT,
        homepage=_WMT16,
        flan_dataset=name,
    )


# Functions of the module, not closures: a preprocess goes to worker processes.
def _from_spanish(row: task.Row) -> task.Record:
    return _either_way("Spanish", *_texts(row, "es"))


def _from_french(row: task.Row) -> task.Record:
    return _either_way("French", *_texts(row, "fr"))


def _from_german(row: task.Row) -> task.Record:
    return _either_way("German", *_texts(row, "de"))


def _from_turkish(row: task.Row) -> task.Record:
    return _either_way("Turkish", *_texts(row, "tr"))


def _from_czech(row: task.Row) -> task.Record:
    return _either_way("Czech", *_texts(row, "cs"))


def _from_finnish(row: task.Row) -> task.Record:
    return _either_way("Finnish", *_texts(row, "fi"))


def _from_romanian(row: task.Row) -> task.Record:
    return _either_way("Romanian", *_texts(row, "ro"))


def _from_russian(row: task.Row) -> task.Record:
    return _either_way("Russian", *_texts(row, "ru"))


def _multi30k(row: task.Row) -> task.Record:
    return _either_way("German", *map(html.unescape, _texts(row, "de")))


def _wmt_ende_tok(row: task.Row) -> task.Record:
    return _either_way("German", *map(columns.untokenized, _texts(row, "de")))


def _flores200(row: task.Row) -> task.Record:
    """One of the languages that the row has, the same for a sentence always."""
    english = columns.text(row, "sentence_eng_Latn")
    codes = [code for code in _FLORES if (row.get(f"sentence_{code}") or "").strip()]
    if not codes:
        raise KeyError(" or ".join(f"sentence_{code}" for code in _FLORES))
    code = codes[seeding.key("language", english) % len(codes)]
    return _either_way(_FLORES[code], english, columns.text(row, f"sentence_{code}"))


def _texts(row: task.Row, code: str) -> tuple[str, str]:
    """Returns the English text and the one in the other language."""
    pair = columns.languages(row)
    return columns.text(pair, "en"), columns.text(pair, code)


def _either_way(language: str, english: str, other: str) -> task.Record:
    """Returns the record of a pair, from English or into it by a hash of the two texts."""
    if seeding.key("direction", english, other) & 1:
        return {
            "source": english,
            "source_language": "English",
            "target_language": language,
            "references": [other],
        }
    return {
        "source": other,
        "source_language": language,
        "target_language": "English",
        "references": [english],
    }
