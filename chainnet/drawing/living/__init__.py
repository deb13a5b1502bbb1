"""What does a page answer that solves for itself? The same program again, when its reader moves a control.

Words: *control* (what a reader moves, with the measures that it stands for), *preset* (a shipped scenario that the
controls act on top of), *exported program* (base arrays, and what each control does to bounds), *solver* (HiGHS as
WebAssembly, whose files lie in ``highs``).
"""

from chainnet.drawing.living.page import living_page

__all__ = ["living_page"]
