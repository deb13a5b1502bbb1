"""When a wheel is built: bring in the solver of living pages, if it can be had. The build goes on without it."""

from __future__ import annotations

import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_ROOM = "chainnet/drawing/living"


class LivingPageHook(BuildHookInterface):  # type: ignore[misc]
    """Adds the solver's files to a wheel; an editable install builds one too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bring the files in before the wheel is put together."""
        if self.target_name != "wheel":
            return
        room = Path(self.root) / _ROOM
        # the package itself cannot be imported where it is built
        spec = spec_from_file_location("solver", room / "solver.py")
        if spec is None or spec.loader is None:
            return
        solver = module_from_spec(spec)
        spec.loader.exec_module(solver)
        wish = os.environ.get("CHAINNET_ENGINE", "")
        self.app.display_info(solver.bring_in(room / "highs", wish))
        if wish != "none" and solver.is_there(room / "highs"):
            build_data["artifacts"] += [f"/{_ROOM}/highs/{name}" for name in solver.FILES.values()]
