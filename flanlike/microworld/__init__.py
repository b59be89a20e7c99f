"""A small synthetic world that yields records for every task, offline and by rule.

`ontology` is what is true in it, `corpus` tells it as raw text for pretraining, and `generators`
hold one view per task family. All three use our own words only.
"""

NOTICE = "All figures are the micro-world's: a small synthetic world, made by rule."
