"""Pairs of micro-world tasks that only the instruction tells apart.

Both tasks of a pair draw from the same inputs and show the same two options; what is asked decides
which is right. They have no dataset behind them and take part only with `--data embedded`.
"""

from flanlike.tasks import task


def pick_synonym() -> task.Task:
    """Which option means the same as the word?

    {"word": "big", "options": ["large", "small"], "label": 0}
    """
    return _task("pick_synonym", "word_relations", "word")


def pick_antonym() -> task.Task:
    """Which option means the opposite of the word?

    {"word": "big", "options": ["large", "small"], "label": 1}
    """
    return _task("pick_antonym", "word_relations", "word")


def pick_giver() -> task.Task:
    """Who gave?

    {"passage": "Ada gave Hugo a hat.", "options": ["Ada", "Hugo"], "label": 0}
    """
    return _task("pick_giver", "role_questions", "passage")


def pick_receiver() -> task.Task:
    """Who was given something?

    {"passage": "Ada gave Hugo a hat.", "options": ["Ada", "Hugo"], "label": 1}
    """
    return _task("pick_receiver", "role_questions", "passage")


def pick_most() -> task.Task:
    """Who has the most?

    {"passage": "Leo has 5 plums. Mira has 2.", "options": ["Leo", "Mira"], "label": 0}
    """
    return _task("pick_most", "amount_questions", "passage")


def pick_fewest() -> task.Task:
    """Who has the fewest?

    {"passage": "Leo has 5 plums. Mira has 2.", "options": ["Leo", "Mira"], "label": 1}
    """
    return _task("pick_fewest", "amount_questions", "passage")


def pick_first() -> task.Task:
    """Who came first?

    {"passage": "Iris came before Emil.", "options": ["Iris", "Emil"], "label": 0}
    """
    return _task("pick_first", "order_questions", "passage")


def pick_last() -> task.Task:
    """Who came last?

    {"passage": "Iris came before Emil.", "options": ["Iris", "Emil"], "label": 1}
    """
    return _task("pick_last", "order_questions", "passage")


def pick_category() -> task.Task:
    """What is the thing?

    {"thing": "owl", "options": ["bird", "talons"], "label": 0}
    """
    return _task("pick_category", "fact_questions", "thing")


def pick_part() -> task.Task:
    """What has the thing?

    {"thing": "owl", "options": ["bird", "talons"], "label": 1}
    """
    return _task("pick_part", "fact_questions", "thing")


def pick_place() -> task.Task:
    """Where was it?

    {"passage": "The hat lay in the barn.", "options": ["barn", "hat"], "label": 0}
    """
    return _task("pick_place", "place_questions", "passage")


def pick_object() -> task.Task:
    """What was there?

    {"passage": "The hat lay in the barn.", "options": ["barn", "hat"], "label": 1}
    """
    return _task("pick_object", "place_questions", "passage")


TASKS = [
    pick_synonym,
    pick_antonym,
    pick_giver,
    pick_receiver,
    pick_most,
    pick_fewest,
    pick_first,
    pick_last,
    pick_category,
    pick_part,
    pick_place,
    pick_object,
]


def _task(name: str, cluster: str, field: str) -> task.Task:
    return task.Task(
        name=name,
        cluster=cluster,
        fields=(field,),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates=name,
        microworld=name,
        licence="this project's own",
        is_microworld_only=True,
    )
