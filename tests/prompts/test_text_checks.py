import pytest

from flanlike.prompts import text_checks


@pytest.mark.parametrize(
    "text, expected",
    [
        ("It\u00e2\u20ac\u2122s late", ("mojibake", 2)),
        ("He said \u00e2\u20ac and left", ("mojibake", 8)),
        ("na\u00c3\u00afve", ("mojibake", 2)),
        ("\u00c2\u00a31.6m", ("mojibake", 0)),
        ("\u00ef\u00bb\u00bfName", ("mojibake", 0)),
        ("Lut\ufffd\ufffdce", ("replacement character", 3)),
        ("Treasury\u0092s plan", ("control character", 8)),
        ("a\x00b", ("control character", 1)),
        ("Tom &amp; Ann", ("HTML entity", 4)),
        ("the Earth&#x27;s crust", ("HTML entity", 9)),
        ("It\u2019s \u201clate\u201d \u2014 na\u00efve, \u00a31.6m", None),
        ("5\u00b0, \u00ab\u00c2ge\u00bb", None),
        ("N\u00c3O \u00e9 S\u00e3o Paulo", None),
        ("\u201eSpa\u00df\u201c, gro\u00df\u2026", None),
        ("caf\u00e9\u201d\u2026 R&D & AT&T; x &lt y", None),
        ("tab\tline\r\nnext", None),
        ("\u041f\u0440\u0438\u0432\u0435\u0442 \u65e5\u672c", None),
    ],
)
def test_damage(text, expected):
    assert text_checks.damage(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a hat , he said .", True),
        ("Ada did n't", True),
        ("Ada 's `` new '' hat", True),
        ("lent -LRB- to Leo -RRB-", True),
        ("He came, saw, and left . So it was.", False),
        ("Ada's hat isn't new; is it?", False),
        ("Wait . . . what, no.", False),
        ("", False),
    ],
)
def test_tokens(text, expected):
    assert text_checks.is_in_tokens(text) is expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Der Hund ist heute nicht im Haus, aber die Katze schl\u00e4ft.", "German"),
        ("Le chien est dans la maison et les chats sont sur le toit.", "French"),
        ("El perro est\u00e1 en la casa y los gatos duermen por el d\u00eda.", "Spanish"),
        ("De hond is niet in het huis en de kat slaapt op een stoel.", "Dutch"),
        ("Il cane non \u00e8 nella casa e la gatta dorme con un topo.", "Italian"),
        (
            "\u041f\u0440\u0438\u0432\u0435\u0442, \u043a\u0430\u043a \u0434\u0435\u043b\u0430?",
            "another script",
        ),
        (
            "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645",
            "another script",
        ),
        ("The dog is not in the house, and the cats sleep on the roof.", ""),
        ("Der Hund schl\u00e4ft.", ""),  # too short to tell
        ("Accademia di Architettura di Mendrisio di Mendrisio di Mendrisio", ""),  # a name
        ("The word \u0441\u043b\u043e\u0432\u043e means what it says in this text", ""),
        ("She said 'je ne sais pas' to the man who was on the train.", ""),
        ("H_{2}O(l) -> H_{2}O(g) and H_{2}O(l) -> H_{2}O(g)", ""),
        ("", ""),
    ],
)
def test_language(text, expected):
    assert text_checks.language(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [(" . ", True), ("", True), ("\u2605\u2605", False), ("7", False), ("$", False)],
)
def test_is_blank(text, expected):
    assert text_checks.is_blank(text) == expected
