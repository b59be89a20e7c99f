"""Topic classification: what is a text about?"""

from flanlike.tasks import task
from task_registry import columns

_DBPEDIA = task.Labels(
    names=(
        "Company", "EducationalInstitution", "Artist", "Athlete", "OfficeHolder",
        "MeanOfTransportation", "Building", "NaturalPlace", "Village", "Animal", "Plant", "Album",
        "Film", "WrittenWork",
    ),
    words=(
        "company", "school or university", "artist", "athlete", "politician or office holder",
        "means of transport", "building", "natural place", "village", "animal", "plant", "album",
        "film", "written work",
    ),
)  # fmt: skip


def dbpedia_14() -> task.Task:
    """DBpedia ontology, the kind of thing an article is on, https://github.com/zhangxiangxiao/Crepe

    {"label": 9, "title": "Duck", "content": " The duck is a bird that swims."}
    """
    return task.Task(
        name="dbpedia_14",
        cluster="topic_classification",
        fields=("title", "content"),
        answers=_DBPEDIA,
        metrics=("accuracy",),
        templates="dbpedia_14",
        microworld="dbpedia_14",
        splits=columns.carved(200, test="test"),
        preprocess=_dbpedia_14,
        label_columns={"label": _DBPEDIA.names},
        hub=task.HubSource(
            repo="fancyzhx/dbpedia_14",
            config="dbpedia_14",
            is_sorted=True,
            columns={"label": "ClassLabel", "title": "string", "content": "string"},
            unverified="whether its rows stand in order of their labels",
        ),
        licence="CC BY-SA 3.0",
        homepage="https://github.com/zhangxiangxiao/Crepe",
    )


TASKS = [dbpedia_14]


def _dbpedia_14(row: task.Row) -> task.Record:
    return {
        "title": columns.text(row, "title"),
        "content": columns.text(row, "content"),
        "label": columns.label(row, _DBPEDIA.names, "label"),
    }
