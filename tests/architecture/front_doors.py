"""A kind of contract for import-linter: an app is entered by its front doors only.

import-linter's own `protected` contracts name every module that is no door, one list for each app,
and fail on a module that does not exist yet; this one names the doors, and covers all else.
"""

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class FrontDoorsContract(Contract):
    """No module outside of an app imports anything of it but the doors, or what is inside them.

    Options:
        apps: The packages that are guarded.
        doors: Names of the modules (or packages) of an app that others may import.
        also: Single modules that are doors of their app, beside those.
        everywhere: Packages that may import any module.
    """

    type_name = "front_doors"

    apps: Any = fields.ListField(subfield=fields.StringField())
    doors: Any = fields.ListField(subfield=fields.StringField())
    also: Any = fields.ListField(subfield=fields.StringField(), required=False)
    everywhere: Any = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: FBT001
        """Look at every import between packages."""
        broken = [
            f"{importer} imports {imported}"
            for imported in sorted(graph.modules)
            if self._is_inner(imported)
            for importer in sorted(graph.find_modules_that_directly_import(imported))
            if self._is_stranger(importer, imported)
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import that goes past the doors."""
        for line in check.metadata["broken"]:
            output.print_error(line)

    def _is_inner(self, module: str) -> bool:
        app, _, rest = module.partition(".")
        door = rest.partition(".")[0]
        return (
            app in self.apps and door not in self.doors and f"{app}.{door}" not in (self.also or [])
        )

    def _is_stranger(self, importer: str, imported: str) -> bool:
        home = importer.partition(".")[0]
        return home != imported.partition(".")[0] and home not in (self.everywhere or [])
