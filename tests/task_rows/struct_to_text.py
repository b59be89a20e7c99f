"""Made-up rows of the tasks of task_registry/struct_to_text.py."""

from task_rows.layouts import Layouts

FACTS = {"references": ["Ivo rules Port Ena.", "Port Ena has Ivo."]}

EEL = {
    "meaning_representation": "name[The Eel], customer rating[3 out of 5], near[Mill House]",
    "target": "By Mill House, The Eel is rated 3 out of 5.",
    "references": [
        "By Mill House, The Eel is rated 3 out of 5.",
        "The Eel near Mill House has 3 of 5 points.",
    ],
}

LAYOUTS: dict[str, Layouts] = {
    "common_gen": Layouts(
        record={"concepts": "dog, catch", "references": ["The dog catches.", "A dog may catch."]},
        # This copy has one reference a row.
        hub_record={"concepts": "dog, catch", "references": ["The dog catches."]},
        hub={"concept_set_idx": 1, "concepts": ["dog", "catch"], "target": "The dog catches."},
        tfds={
            "gem_id": "x",
            "gem_parent_id": "x",
            "concept_set_id": 1,
            "concepts": ["dog", "catch"],
            "target": "The dog catches.",
            "references": ["The dog catches.", "A dog may catch."],
        },
        folder={
            "concepts": ["dog", "catch"],
            "target": "The dog catches.",
            "references": ["The dog catches.", "A dog may catch."],
        },
    ),
    "web_nlg_en": Layouts(
        record=FACTS | {"triples": "Port Ena | mayor | Ivo\nIvo | age | 40"},
        hub={
            "input": ['Port_Ena | mayor | "Ivo"', "Ivo | age | 40"],
            "target": FACTS["references"][0],
            "references": FACTS["references"],
        },
        tfds={
            "gem_id": "x",
            "gem_parent_id": "x",
            "category": "City",
            "webnlg_id": "x",
            "input": ['Port_Ena | mayor | "Ivo"', "Ivo | age | 40"],
            "target": FACTS["references"][0],
            "references": FACTS["references"],
        },
        folder={
            "input": ['Port_Ena | mayor | "Ivo"', "Ivo | age | 40"],
            "target": FACTS["references"][0],
            "references": FACTS["references"],
        },
    ),
    "dart": Layouts(
        record=FACTS | {"triples": "Port Ena | mayor | Ivo\nIvo | age | 40"},
        # TFDS joins the parts of a triple with spaces.
        tfds_record=FACTS | {"triples": "Port Ena mayor Ivo\nIvo age 40"},
        hub={
            "tripleset": [["Port Ena", "mayor", "Ivo"], ["Ivo", "age", "40"]],
            "target": FACTS["references"][0],
            "references": FACTS["references"],
        },
        tfds={
            "dart_id": 1,
            "gem_id": "x",
            "gem_parent_id": "x",
            "tripleset": ["Port Ena mayor Ivo", "Ivo age 40"],
            "subtree_was_extended": False,
            "target_sources": ["x"],
            "target": FACTS["references"][0],
            "references": FACTS["references"],
        },
        folder={
            "tripleset": [["Port Ena", "mayor", "Ivo"], ["Ivo", "age", "40"]],
            "target": FACTS["references"][0],
            "references": FACTS["references"],
        },
    ),
    "e2e_nlg": Layouts(
        record={
            "attributes": "name: The Eel, customer rating: 3 out of 5, near: Mill House",
            "references": EEL["references"],
        },
        hub={"gem_id": "x", **EEL},
        tfds={"gem_id": "x", "gem_parent_id": "x", **EEL},
        folder=EEL,
    ),
}
