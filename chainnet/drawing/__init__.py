"""What does it look like? One self-contained page a view. Nothing is solved, but for living pages.

Words: *page data* (what a page knows), *drawn flows* (the answer that it shows), *still* (the picture without scripts).
"""

from chainnet.drawing.colours import OTHER_COLOUR, country_colours
from chainnet.drawing.exposure import exposure_svg
from chainnet.drawing.living import living_page
from chainnet.drawing.pages import draw
from chainnet.drawing.raster import font_folder, png_bytes
from chainnet.drawing.style import css_text

__all__ = [
    "OTHER_COLOUR",
    "country_colours",
    "css_text",
    "draw",
    "exposure_svg",
    "font_folder",
    "living_page",
    "png_bytes",
]
