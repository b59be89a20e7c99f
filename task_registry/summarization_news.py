"""Summarization of news: topics, headlines and summaries."""

import html
import re

from flanlike.tasks import task
from task_registry import columns

_ROUGE = ("rouge1", "rouge2", "rougeLsum")
_TOPICS = task.Labels(
    names=("World", "Sports", "Business", "Sci/Tech"),
    words=("world", "sports", "business", "science and technology"),
)
_SPLITS = {"train": "train", "validation": "validation[:200]", "test": "test"}

_PLACE = r"[A-Z][\w'.-]*(?:,? [A-Z][\w'.-]*){0,5}"
_DATELINES = (
    # "(CNN)  -- ", "LONDON, England (CNN) -- "; and without dashes "(CNN)A", "Washington (CNN)A".
    re.compile(rf"(?:{_PLACE},? )?\(CNN\)(?:\s*--?\s+|(?=\S))"),
    # "HONG KONG, China (Reuters) -- ", "(Mental Floss) -- "
    re.compile(rf"(?:{_PLACE},? )?\([A-Z][^()]{{1,30}}\)\s*--\s+"),
    # "BREMEN, Germany -- ": the town in capitals, and a second name, so that a sentence stays.
    re.compile(r"[A-Z]{2,}(?:[ .'-]+[A-Z]{2,})*[.,] [A-Z][\w .'-]{1,30}? --\s+"),
)
_SOURCE_MARK = "|||||"
_SIGN_APART = re.compile(r"(?:\A| )(#\d{2,4}|quot|amp|lt|gt);")
_BREAK_TAG = re.compile(r"\s*</?(?:br|p)\b[^<>]*(?:>|\Z)\s*", re.IGNORECASE)
_TAG = re.compile(r"</?(?:a|b|em|font|i|img|nobr|strong)\b[^<>]*(?:>|\Z)", re.IGNORECASE)


def ag_news_subset() -> task.Task:
    """AG News topics, http://groups.di.unipi.it/~gulli/AG_corpus_of_news_articles.html

    The usual hub copy merges title and description; the one used here keeps them apart and counts
    its labels from 1.

    {"title": "Team wins again", "description": "It was the third time.", "label": 1}
    """
    return task.Task(
        name="ag_news_subset",
        cluster="summarization",
        fields=("title", "description"),
        answers=_TOPICS,
        metrics=("accuracy",),
        templates="ag_news",
        microworld="ag_news_subset",
        splits=columns.carved(200, test="test"),
        preprocess=_ag_news_subset,
        label_columns={"label": _TOPICS.names},
        hub=task.HubSource(
            repo="sh0416/ag_news",
            labels={"label": ("(there is no label 0)", *_TOPICS.names)},
            columns={"label": "int64", "title": "string", "description": "string"},
        ),
        tfds=task.TfdsSource(name="ag_news_subset:1.0.0"),
        licence="non-commercial use (AG corpus page)",
        homepage="http://groups.di.unipi.it/~gulli/AG_corpus_of_news_articles.html",
        flan_dataset="ag_news_subset",
    )


def cnn_dailymail() -> task.Task:
    """CNN/Daily Mail: articles and their highlights, https://github.com/abisee/cnn-dailymail

    {"article": "PORT ENA (CNN) -- A boat sank.", "highlights": "Boat sinks .\\nNobody hurt .",
     "id": "7"}
    """
    return task.Task(
        name="cnn_dailymail",
        cluster="summarization",
        fields=("article",),
        answers=task.FreeText(),
        metrics=_ROUGE,
        templates="cnn_dailymail",
        microworld="cnn_dailymail",
        splits=_SPLITS,
        preprocess=_cnn_dailymail,
        hub=task.HubSource(
            repo="abisee/cnn_dailymail",
            config="3.0.0",
            columns={"article": "string", "highlights": "string", "id": "string"},
        ),
        tfds=task.TfdsSource(name="cnn_dailymail:3.4.0"),
        licence="Apache 2.0 (hub card; none stated for the news text)",
        homepage="https://github.com/abisee/cnn-dailymail",
        flan_dataset="cnn_dailymail",
    )


def gigaword() -> task.Task:
    """Gigaword: a report's first sentence and its headline, https://github.com/harvardnlp/sent-summary

    The text is in small letters and split into words, with # for each digit and UNK for rare
    words, in the headlines too; it stays so. FLAN leaves out some rows, we only empty ones.

    {"document": "a boat sank near port ena on monday .", "summary": "boat sinks off port ena"}
    """
    return task.Task(
        name="gigaword",
        cluster="summarization",
        fields=("sentence",),
        answers=task.FreeText(),
        metrics=_ROUGE,
        templates="gigaword",
        microworld="gigaword",
        splits=_SPLITS,
        preprocess=_gigaword,
        unlabelled={"document": "", "summary": ""},
        hub=task.HubSource(
            repo="Harvard/gigaword",
            revision="refs/convert/parquet",
            data_dir="default",
            columns={"document": "string", "summary": "string"},
            unverified="whether the converted branch exists",
        ),
        tfds=task.TfdsSource(name="gigaword:1.2.0"),
        licence="MIT (hub card; the text is the LDC's, for research)",
        homepage="https://github.com/harvardnlp/sent-summary",
        flan_dataset="gigaword",
    )


def multi_news() -> task.Task:
    """Multi-News: several articles on one event, https://github.com/Alex-Fabbri/Multi-News

    {"document": "A boat sank. ||||| Nobody was hurt. |||||", "summary": "– A boat sank safely."}
    """
    return task.Task(
        name="multi_news",
        cluster="summarization",
        fields=("articles",),
        answers=task.FreeText(),
        metrics=_ROUGE,
        templates="multi_news",
        microworld="multi_news",
        splits=_SPLITS,
        preprocess=_multi_news,
        unlabelled={"document": ""},
        # alexfabbri/multi_news holds raw files and a script, which `datasets` does not read.
        hub=task.HubSource(
            repo="Awesome075/multi_news_parquet",
            columns={"document": "string", "summary": "string"},
            unverified="the train and validation splits of this Parquet copy",
        ),
        tfds=task.TfdsSource(name="multi_news:2.1.0"),
        licence="non-commercial research and education",
        homepage="https://github.com/Alex-Fabbri/Multi-News",
        flan_dataset="multi_news",
    )


def newsroom() -> task.Task:
    """Newsroom: articles of many papers and their summaries, https://lil.nlp.cornell.edu/newsroom

    {"title": "Boat sinks", "text": "A boat sank off Port Ena.", "summary": "A boat sank."}
    """
    return task.Task(
        name="newsroom",
        cluster="summarization",
        fields=("article",),
        answers=task.FreeText(),
        metrics=_ROUGE,
        templates="news",
        microworld="newsroom",
        splits=_SPLITS,
        preprocess=_newsroom,
        unlabelled={"text": "", "summary": ""},
        tfds=task.TfdsSource(
            name="newsroom:1.0.0",
            manual="register at https://summari.es/download and put train.jsonl, dev.jsonl and "
            "test.jsonl into TFDS's manual folder",
        ),
        licence="by registration, not to be passed on (Cornell Newsroom)",
        homepage="https://lil.nlp.cornell.edu/newsroom",
        flan_dataset="newsroom",
        how_to_get="register at https://lil.nlp.cornell.edu/newsroom (or summari.es/download), "
        "then --data tfds or a folder",
    )


def xsum() -> task.Task:
    """XSum: BBC articles in one sentence, https://github.com/EdinburghNLP/XSum

    {"document": "It sank at noon.\\nNobody was hurt.", "summary": "A boat has sunk.", "id": "7"}
    """
    return task.Task(
        name="xsum",
        cluster="summarization",
        fields=("article",),
        answers=task.FreeText(),
        metrics=_ROUGE,
        templates="news",
        microworld="xsum",
        splits=_SPLITS,
        preprocess=_xsum,
        unlabelled={"document": ""},
        hub=task.HubSource(
            repo="EdinburghNLP/xsum",
            revision="refs/convert/parquet",
            data_dir="default",
            columns={"document": "string", "summary": "string", "id": "string"},
            unverified="the name of the folder in the converted branch",
        ),
        tfds=task.TfdsSource(
            name="xsum:1.1.0",
            manual="make xsum-extracts-from-downloads.tar.gz as the README of "
            "github.com/EdinburghNLP/XSum says, and put it into TFDS's manual folder",
        ),
        licence="none stated (news text of the BBC)",
        homepage="https://github.com/EdinburghNLP/XSum",
        flan_dataset="xsum",
    )


TASKS = [ag_news_subset, cnn_dailymail, gigaword, multi_news, newsroom, xsum]


def _ag_news_subset(row: task.Row) -> task.Record:
    return {
        "title": _without_marks(columns.text(row, "title", exact=True)),
        "description": _without_marks(columns.text(row, "description", exact=True)),
        "label": columns.label(row, _TOPICS.names, "label"),
    }


def _cnn_dailymail(row: task.Row) -> task.Record:
    highlights = [
        re.sub(r"\s+(?=[.?!]$)", "", line.strip())
        for line in columns.text(row, "highlights").split("\n")
    ]
    return {
        "article": _without_dateline(_without_stops(columns.text(row, "article"))),
        "references": columns.references("\n".join(filter(None, highlights))),
    }


def _gigaword(row: task.Row) -> task.Record:
    return {
        "sentence": columns.prose(row, "document"),
        "references": columns.references(columns.prose(row, "summary")),
    }


def _multi_news(row: task.Row) -> task.Record:
    sources = [_paragraphs(text) for text in columns.text(row, "document").split(_SOURCE_MARK)]
    sources = [text for text in sources if text]
    if not sources:
        raise ValueError("column 'document' has no article in it; expected text between '|||||'")
    summary = _paragraphs(columns.text(row, "summary")).removeprefix("–")
    return {
        "articles": "\n\n".join(f"Article {n}:\n{text}" for n, text in enumerate(sources, 1)),
        "references": columns.references(summary),
    }


def _newsroom(row: task.Row) -> task.Record:
    return {
        "article": columns.text(row, "text"),
        "references": columns.references(columns.text(row, "summary")),
    }


def _xsum(row: task.Row) -> task.Record:
    return {
        "article": columns.mended(columns.text(row, "document")),
        "references": columns.references(columns.mended(columns.text(row, "summary"))),
    }


def _without_marks(text: str) -> str:
    """Returns AG News text without its marks.

    A backslash is a line break; " #39;" and " quot;" are signs by name, whose "&" became a blank;
    a few tags stand there by the names of their brackets.

    "rose 5\\\\percent, it\\\\'s Ivo #39;s"     ->     "rose 5 percent, it's Ivo's"
    "at AT amp;T, &lt;b&gt;new&lt;/b&gt;"     ->     "at AT&T, new"
    """
    text = re.sub(r"\\(?=[$'\"])", "", text).replace("\\", " ")
    if ";" in text:
        text = html.unescape(_SIGN_APART.sub(r"&\1;", text))
        text = _TAG.sub("", _BREAK_TAG.sub(" ", text))
    return columns.single_blanks(text.strip())


def _without_stops(text: str) -> str:
    """Returns an article without the full stops that came of the ends of its source's lines.

    "By . Ivo Ena . PUBLISHED: . 05:33 . Watch it » . A boat sank ."
        ->  "By Ivo Ena. PUBLISHED: 05:33. Watch it. A boat sank."
    """
    text = re.sub(r"(?:(?<=:)|\b(?<=By)) \.(?=\s)", "", text.replace(" » .", "."))
    return columns.untokenized(text)


def _without_dateline(text: str) -> str:
    """Returns an article without the place and agency it begins with; other text stays as it is.

    "PORT ENA, Elbonar (CNN) -- A boat -- the Ida -- sank."     ->     "A boat -- the Ida -- sank."
    """
    for dateline in _DATELINES:
        if match := dateline.match(text):
            return text[match.end() :] or text
    return text


def _paragraphs(text: str) -> str:
    """Returns text with a blank line between paragraphs, none doubled, NEWLINE_CHAR as a newline.

    "One. \\n \\n \\n \\n Two. NEWLINE_CHAR Three."     ->     "One.\\n\\nTwo.\\nThree."
    """
    text = columns.mended(text).replace("NEWLINE_CHAR", "\n")
    lines = [line.strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
