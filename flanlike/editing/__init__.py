"""A page in the browser: rows by every template, templates to edit, models to ask."""
