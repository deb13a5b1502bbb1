"""What does it look like? One self-contained page a view. Nothing is solved, but for living pages.

Words: *page data* (what a page knows), *drawn flows* (the answer that it shows), *still* (the picture without scripts).
"""

from chainnet.drawing.canvas import SMALL, figure_style, new_canvas, svg_of, write
from chainnet.drawing.chances import ways_svg
from chainnet.drawing.colours import country_colours
from chainnet.drawing.evidence import course_svg, levels_svg, measures_svg
from chainnet.drawing.exceedance import Exceedance, exceedance_svg
from chainnet.drawing.exposure import Exposure, exposure_svg
from chainnet.drawing.figure import Figure, save_svg
from chainnet.drawing.flow_break import Break, break_svg
from chainnet.drawing.living import living_page
from chainnet.drawing.markets import INSTRUMENTS, cost_of, costs_svg, market_inputs, wedge_of, wedges_svg
from chainnet.drawing.pages import draw
from chainnet.drawing.plots import month_lines, plot
from chainnet.drawing.raster import font_folder, typeset
from chainnet.drawing.style import COLOURS, OTHER_COLOUR, css_text, palette_sheet, tier_colour

__all__ = [
    "COLOURS",
    "INSTRUMENTS",
    "OTHER_COLOUR",
    "SMALL",
    "Break",
    "Exceedance",
    "Exposure",
    "Figure",
    "break_svg",
    "cost_of",
    "costs_svg",
    "country_colours",
    "course_svg",
    "css_text",
    "draw",
    "exceedance_svg",
    "exposure_svg",
    "figure_style",
    "font_folder",
    "levels_svg",
    "living_page",
    "market_inputs",
    "measures_svg",
    "month_lines",
    "new_canvas",
    "palette_sheet",
    "plot",
    "save_svg",
    "svg_of",
    "tier_colour",
    "typeset",
    "ways_svg",
    "wedge_of",
    "wedges_svg",
    "write",
]
