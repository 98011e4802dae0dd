"""Understanding tables: what each column becomes, and how its cells do.

A target (``targets``) is something a column can become; its reader makes all columns of its kind into steps, once for a
file. ``guess`` finds the targets by the headings and the first rows, a person corrects the ``Mapping``, and the
``TableInterpreter`` reads rows by it.
"""

from contacts.importing.columns.guessing import guess
from contacts.importing.columns.interpreter import TableInterpreter
from contacts.importing.columns.mapping import MappedColumn, Mapping
from contacts.importing.columns.presets import CUSTOM_PREFIX, OWN_HEADINGS
from contacts.importing.columns.targets import TARGETS, Target, choices

__all__ = [
    "CUSTOM_PREFIX",
    "OWN_HEADINGS",
    "TARGETS",
    "MappedColumn",
    "Mapping",
    "TableInterpreter",
    "Target",
    "choices",
    "guess",
]
