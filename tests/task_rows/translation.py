"""Made-up rows of the tasks of task_registry/translation.py."""

from collections.abc import Mapping

from task_rows.layouts import Layouts


def _layouts(language: str, pair: Mapping[str, str], *, from_english: bool) -> Layouts:
    """Returns the layouts of a pair {"en": ..., code: ...}: nested on the hub, flat in TFDS."""
    (code,) = pair.keys() - {"en"}
    record = {
        "source": pair["en"] if from_english else pair[code],
        "source_language": "English" if from_english else language,
        "target_language": language if from_english else "English",
        "references": [pair[code] if from_english else pair["en"]],
    }
    return Layouts(
        record=record, hub={"translation": pair}, tfds=pair, folder={"translation": pair}
    )


LAYOUTS: dict[str, Layouts] = {
    "para_crawl_enes": _layouts("Spanish", {"en": "A dog.", "es": "Un perro."}, from_english=False),
    "wmt14_enfr": _layouts("French", {"fr": "Un chien.", "en": "A dog."}, from_english=True),
    "wmt16_translate_deen": _layouts(
        "German", {"de": "Ein Hund.", "en": "A dog."}, from_english=False
    ),
    "wmt16_translate_tren": _layouts(
        "Turkish", {"tr": "Bir köpek.", "en": "A dog."}, from_english=True
    ),
    "wmt16_translate_csen": _layouts(
        "Czech", {"cs": "Jeden pes.", "en": "A dog."}, from_english=False
    ),
    "wmt16_translate_fien": _layouts(
        "Finnish", {"fi": "Koira.", "en": "A dog."}, from_english=True
    ),
    "wmt16_translate_roen": _layouts(
        "Romanian", {"ro": "Un câine.", "en": "A dog."}, from_english=False
    ),
    "wmt16_translate_ruen": _layouts(
        "Russian", {"ru": "Собака.", "en": "A dog."}, from_english=False
    ),
    "multi30k": Layouts(
        record={
            "source": "Ein Hund.",
            "source_language": "German",
            "target_language": "English",
            "references": ["A dog."],
        },
        hub={"en": "A dog.", "de": "Ein Hund."},
        folder={"id": 7, "translation": {"en": "A dog.", "de": "Ein Hund.", "fr": "Un chien."}},
    ),
    "wmt_ende_tok": Layouts(
        record={
            "source": 'A dog\'s "bone", yes.',
            "source_language": "English",
            "target_language": "German",
            "references": ['Ein "Knochen", ja.'],
        },
        folder={
            "id": 7,
            "translation": {
                "en": "A dog &apos;s &quot; bone &quot; , yes .",
                "de": "Ein &quot; Knochen &quot; , ja .",
            },
        },
    ),
    "flores200": Layouts(
        record={
            "source": "It rains.",
            "source_language": "English",
            "target_language": "French",
            "references": ["Il pleut."],
        },
        hub={"id": 7, "sentence_eng_Latn": "It rains.", "sentence_fra_Latn": "Il pleut."},
        folder={"sentence_eng_Latn": "It rains.", "sentence_fra_Latn": "Il pleut."},
    ),
}
