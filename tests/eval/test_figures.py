"""Tables of figures."""

from eval import figures, page


def test_columns_of_dashes_are_left_out():
    table = figures.filled(("task", "before", "cluster"), [["rte", "–", "nli"]], words=(2,))
    assert (table.header, table.rows, table.words) == (["task", "cluster"], [["rte", "nli"]], [1])


def test_where_rows_come_from():
    assert figures.source("file") == "the file itself"
    assert figures.source("rows") == f"the folder {page.literal('rows')}"
