"""One made-up row of every task as each backend stores it, and its record: one module a cluster."""

import importlib
import pkgutil

from task_rows.layouts import Layouts

LAYOUTS: dict[str, Layouts] = {
    name: layouts
    for module in pkgutil.iter_modules(__path__)
    if module.name != "layouts"
    for name, layouts in importlib.import_module(f"task_rows.{module.name}").LAYOUTS.items()
}
