"""What is true in the micro-world: its people, things, places, words and facts.

Everything else in `flanlike.microworld` reads these tables and adds no fact of its own, so that
knowledge met in the pretraining corpus and knowledge asked for by a task are the same.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    name: str
    is_female: bool

    @property
    def pronoun(self) -> str:
        return "she" if self.is_female else "he"


@dataclass(frozen=True)
class Kind:
    """One sort of thing: what it is, what it has, and where it is found."""

    name: str
    category: str  # "bird", "fruit", "tool", ...: one word, singular
    part: str  # something it has, plural or mass noun
    habitat: str  # a place of PLACES or HABITATS
    use: str = ""  # infinitive without "to": what people do with it; empty where none


@dataclass(frozen=True)
class Scale:
    """Two opposite ends of one quality, each with two words of the same meaning."""

    low: tuple[str, str]
    high: tuple[str, str]


@dataclass(frozen=True)
class Verb:
    """A thing people do to things, with a second verb of the same meaning."""

    base: str
    past: str
    synonym_past: str


@dataclass(frozen=True)
class Cause:
    """A cause and its effect, each a clause about `{who}`."""

    cause: str
    effect: str


PEOPLE = tuple(
    Person(name, is_female)
    for names, is_female in (
        ("Ada Bela Cora Dina Edda Fenna Greta Hilda Iris Jutta Lena Mira", True),
        ("Arno Boris Carl Dario Emil Felix Gustav Hugo Ivo Jonas Leo Milo", False),
    )
    for name in names.split()
)

ANIMALS = (
    Kind("sparrow", "bird", "feathers", "forest"),
    Kind("owl", "bird", "talons", "forest"),
    Kind("duck", "bird", "wings", "lake"),
    Kind("heron", "bird", "beaks", "river"),
    Kind("trout", "fish", "fins", "river"),
    Kind("carp", "fish", "scales", "lake"),
    Kind("herring", "fish", "gills", "sea"),
    Kind("eel", "fish", "slime", "river"),
    Kind("beetle", "insect", "shells", "forest"),
    Kind("wasp", "insect", "stings", "meadow"),
    Kind("ant", "insect", "feelers", "meadow"),
    Kind("moth", "insect", "dust", "barn"),
    Kind("goat", "mammal", "horns", "meadow"),
    Kind("fox", "mammal", "fur", "forest"),
    Kind("mouse", "mammal", "whiskers", "barn"),
    Kind("donkey", "mammal", "hooves", "barn"),
)
FOODS = (
    Kind("plum", "fruit", "stones", "orchard", "eat"),
    Kind("pear", "fruit", "stalks", "orchard", "eat"),
    Kind("cherry", "fruit", "juice", "orchard", "eat"),
    Kind("onion", "vegetable", "layers", "garden", "fry"),
    Kind("carrot", "vegetable", "leaves", "garden", "grate"),
    Kind("turnip", "vegetable", "roots", "garden", "boil"),
    Kind("bread", "pastry", "crust", "bakery", "slice"),
    Kind("cake", "pastry", "icing", "bakery", "share"),
    Kind("pie", "pastry", "filling", "bakery", "bake"),
)
OBJECTS = (
    Kind("hammer", "tool", "iron", "workshop", "hit nails"),
    Kind("saw", "tool", "teeth", "workshop", "cut wood"),
    Kind("shovel", "tool", "handles", "garden", "dig holes"),
    Kind("chair", "furniture", "legs", "kitchen", "sit down"),
    Kind("shelf", "furniture", "boards", "library", "store books"),
    Kind("bed", "furniture", "pillows", "bedroom", "sleep"),
    Kind("coat", "garment", "buttons", "hall", "keep warm"),
    Kind("hat", "garment", "brims", "hall", "shade the eyes"),
    Kind("boot", "garment", "laces", "hall", "walk in mud"),
    Kind("cart", "vehicle", "wheels", "street", "carry loads"),
    Kind("boat", "vehicle", "sails", "harbour", "cross water"),
    Kind("train", "vehicle", "wagons", "station", "travel far"),
    Kind("flute", "instrument", "keys", "theatre", "play tunes"),
    Kind("drum", "instrument", "skins", "theatre", "beat rhythms"),
    Kind("violin", "instrument", "strings", "theatre", "play songs"),
    Kind("lamp", "device", "bulbs", "bedroom", "light a room"),
    Kind("clock", "device", "hands", "hall", "tell the time"),
    Kind("oven", "device", "doors", "kitchen", "heat food"),
)
KINDS = ANIMALS + FOODS + OBJECTS
CATEGORIES = tuple(dict.fromkeys(kind.category for kind in KINDS))
# A category belongs to one of three larger ones.
PARENT_CATEGORY = (
    dict.fromkeys(("bird", "fish", "insect", "mammal"), "animal")
    | dict.fromkeys(("fruit", "vegetable", "pastry"), "food")
    | dict.fromkeys(("tool", "furniture", "garment", "vehicle", "instrument", "device"), "object")
)

PLACES = (
    "market", "kitchen", "garden", "library", "bakery", "workshop", "harbour", "station",
    "theatre", "bedroom", "hall", "street", "barn", "orchard", "school", "museum",
)  # fmt: skip
HABITATS = ("forest", "meadow", "lake", "river", "sea")

COUNTRY_CAPITALS = {
    "Belmora": "Tarn", "Cardovia": "Ostel", "Drunland": "Veska", "Elbonar": "Quill",
    "Farosia": "Mirren", "Gelvania": "Porto", "Hestria": "Lunden", "Istmar": "Kasel",
    "Jorvia": "Rondo", "Kelland": "Sorre", "Lomaria": "Zanta", "Mardonia": "Ulver",
}  # fmt: skip
COUNTRY_RIVERS = {
    "Belmora": "Aldo", "Cardovia": "Brenn", "Drunland": "Corva", "Elbonar": "Dessel",
    "Farosia": "Ember", "Gelvania": "Fjold", "Hestria": "Ganna", "Istmar": "Hoven",
    "Jorvia": "Imber", "Kelland": "Jassa", "Lomaria": "Kuven", "Mardonia": "Lorn",
}  # fmt: skip

# Judgements: words that praise and words that blame. Each pair means the same.
PRAISE = (
    ("wonderful", "marvellous"), ("lovely", "charming"), ("superb", "excellent"),
    ("delightful", "pleasing"), ("brilliant", "splendid"), ("enjoyable", "agreeable"),
    ("fantastic", "terrific"), ("impressive", "admirable"),
)  # fmt: skip
BLAME = (
    ("terrible", "dreadful"), ("boring", "tedious"), ("horrible", "ghastly"),
    ("awful", "lousy"), ("disappointing", "poor"), ("annoying", "irritating"),
    ("clumsy", "sloppy"), ("disgusting", "nasty"),
)  # fmt: skip

SCALES = (
    Scale(("small", "little"), ("big", "large")),
    Scale(("cold", "chilly"), ("hot", "heated")),
    Scale(("slow", "sluggish"), ("fast", "quick")),
    Scale(("quiet", "silent"), ("loud", "noisy")),
    Scale(("empty", "vacant"), ("full", "filled")),
    Scale(("old", "ancient"), ("new", "recent")),
    Scale(("wet", "damp"), ("dry", "arid")),
    Scale(("weak", "feeble"), ("strong", "sturdy")),
    Scale(("dark", "dim"), ("bright", "shiny")),
    Scale(("cheap", "inexpensive"), ("costly", "expensive")),
    Scale(("dirty", "filthy"), ("clean", "spotless")),
    Scale(("thin", "slim"), ("thick", "stout")),
)
COLOURS = ("red", "blue", "green", "yellow", "white", "black", "brown", "grey")

VERBS = (
    Verb("buy", "bought", "purchased"),
    Verb("find", "found", "discovered"),
    Verb("repair", "repaired", "fixed"),
    Verb("hide", "hid", "concealed"),
    Verb("lift", "lifted", "raised"),
    Verb("carry", "carried", "hauled"),
    Verb("take", "took", "grabbed"),
    Verb("close", "closed", "shut"),
    Verb("begin", "began", "started"),
    Verb("throw", "threw", "tossed"),
    Verb("choose", "chose", "picked"),
    Verb("show", "showed", "displayed"),
)
GIVING = (("gave", "got"), ("sold", "bought"), ("lent", "borrowed"), ("sent", "received"))

CAUSES = (
    Cause("{who} forgot to water the flowers", "the flowers of {who} dried out"),
    Cause("{who} left the oven on", "the pie of {who} burned"),
    Cause("{who} ran in the rain", "the clothes of {who} got wet"),
    Cause("{who} missed the train", "{who} arrived late"),
    Cause("{who} stayed up all night", "{who} was tired in the morning"),
    Cause("{who} trained every day", "{who} won the race"),
    Cause("{who} dropped the vase", "the vase of {who} broke"),
    Cause("{who} ate too much cake", "the stomach of {who} ached"),
    Cause("{who} lost the key", "{who} could not open the door"),
    Cause("{who} told a joke", "the friends of {who} laughed"),
    Cause("{who} planted seeds", "flowers grew for {who}"),
    Cause("{who} studied hard", "{who} passed the exam"),
    Cause("{who} touched the hot oven", "{who} burned a finger"),
    Cause("{who} fed the stray cat", "the cat followed {who} home"),
    Cause("{who} spent all the money", "{who} could not pay the rent"),
    Cause("{who} broke a leg", "{who} walked on crutches"),
)

# Words by which a report shows its subject.
TOPIC_WORDS = {
    "world": ("minister", "border", "treaty", "election", "army", "king", "embassy", "parliament"),
    "sports": ("goal", "coach", "team", "match", "race", "player", "stadium", "medal"),
    "business": ("bank", "profit", "shares", "factory", "prices", "merchant", "loan", "wages"),
    "science": (
        "planet",
        "virus",
        "robot",
        "laboratory",
        "telescope",
        "atom",
        "software",
        "fossil",
    ),
}

ABBREVIATIONS = {
    "TSU": "Tarn Sailing Union", "OBG": "Ostel Book Guild", "VHC": "Veska Health Club",
    "QMS": "Quill Music School", "MFR": "Mirren Fire Rescue", "PTA": "Porto Tool Alliance",
    "LGB": "Lunden Grain Bank", "KAR": "Kasel Air Route",
}  # fmt: skip

SMALL_NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen", "twenty",
)  # fmt: skip

# Words with two unrelated senses; each sense is a phrase that shows it and a word that names it.
SENSES = {
    "bat": (("flew out of the barn at night", "animal"), ("was swung to hit the ball", "stick")),
    "bank": (("lent money to the merchant", "money"), ("of the river was muddy", "shore")),
    "ring": (("was worn on her finger", "jewel"), ("of the bell woke the house", "sound")),
    "spring": (("came after the cold winter", "season"), ("in the bed was bent", "coil")),
    "palm": (("of his hand was dirty", "hand"), ("gave shade on the beach", "tree")),
    "bark": (("of the dog was loud", "sound"), ("of the oak was rough", "skin")),
    "pitcher": (("of milk stood on the table", "jug"), ("threw the ball to the team", "player")),
    "crane": (("lifted the stones at the harbour", "machine"), ("waded in the lake", "bird")),
    "letter": (("came in the post", "message"), ("stands first in the alphabet", "sign")),
    "match": (("was won by the home team", "game"), ("lit the candle", "flame")),
}

# A constructed language: one word for each English one.
LANGUAGE_NAME = "Talvish"
_NUCLEI = "aeiou"


def talvish(word: str) -> str:
    """Returns the Talvish word for an English one: a fixed spelling by rule.

    Before: "boat". After: the reversed letters with a vowel ending, "taobi".
    """
    return word[::-1] + _NUCLEI[sum(map(ord, word)) % len(_NUCLEI)]


@dataclass(frozen=True)
class Trait:
    """How a person can be, two opposite ways, and what follows from each."""

    low: tuple[str, ...]
    high: tuple[str, ...]
    low_outcome: str
    high_outcome: str


TRAITS = (
    Trait(("weak", "feeble"), ("strong", "sturdy"), "asked for help", "lifted the heavy box"),
    Trait(("slow", "sluggish"), ("fast", "quick"), "came in last", "won the race"),
    Trait(("quiet", "silent"), ("loud", "noisy"), "was hard to hear", "woke the neighbours"),
    Trait(("dirty", "filthy"), ("clean", "spotless"), "took a bath", "smelled of soap"),
    Trait(("wet", "damp"), ("dry",), "looked for a towel", "had stayed under the roof"),
    Trait(("cold", "chilly"), ("hot",), "put on a coat", "opened the window"),
    Trait(("small", "little"), ("big", "large"), "climbed on a chair", "reached the top shelf"),
)

# More sentences about each sense of SENSES, in the same order: what may follow "the <word>".
SENSE_CONTEXTS = {
    "bat": (
        ("slept in the dark barn", "has thin wings"),
        ("was made of wood", "broke in the game"),
    ),
    "bank": (
        ("raised the wages", "made a big profit"),
        ("was full of herons", "was wet with rain"),
    ),
    "ring": (
        ("was a costly gift", "fell off her hand"),
        ("was loud and clear", "could be heard far off"),
    ),
    "spring": (
        ("brought rain and flowers", "was warm this year"),
        ("was made of iron", "jumped out of the clock"),
    ),
    "palm": (
        ("was burned by the hot oven", "held a small key"),
        ("grew near the sea", "has long leaves"),
    ),
    "bark": (
        ("scared the fox", "came from the garden"),
        ("was full of beetles", "was cut with a saw"),
    ),
    "pitcher": (
        ("was filled with juice", "fell off the shelf and broke"),
        ("ran to the coach", "won a medal"),
    ),
    "crane": (
        ("was made of iron", "carried loads at the station"),
        ("has white feathers", "ate a small fish"),
    ),
    "letter": (
        ("was sent by a friend", "lay in the box"),
        ("was written in red", "is the last in the word"),
    ),
    "match": (
        ("filled the stadium", "was lost by one goal"),
        ("was too damp to burn", "burned a finger"),
    ),
}
