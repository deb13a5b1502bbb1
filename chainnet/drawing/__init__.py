"""What does it look like? Graph, Sankey, map and exposure: one self-contained page a view. Never solves.

Words: *page data* (what a page knows), *drawn flows* (the answer that it shows), *still* (the picture without scripts).
"""

from chainnet.drawing.colours import OTHER_COLOUR, country_colours
from chainnet.drawing.exposure import exposure_svg
from chainnet.drawing.pages import draw
from chainnet.drawing.raster import font_folder, png_bytes
from chainnet.drawing.style import css_text

__all__ = ["OTHER_COLOUR", "country_colours", "css_text", "draw", "exposure_svg", "font_folder", "png_bytes"]
