"""What is handed up? An assessment becomes HTML, PDF and XLSX, from one content. Never solves.

Words: *facts* (an assessment as the report reads it), *content* (sections in order), *format* (a file).
"""

from chainnet.reporting.comparison import comparison_markdown, comparison_page
from chainnet.reporting.content import report_figures
from chainnet.reporting.documents import FORMATS, report
from chainnet.reporting.overview import overview_markdown, overview_page, overview_sentences

__all__ = [
    "FORMATS",
    "comparison_markdown",
    "comparison_page",
    "overview_markdown",
    "overview_page",
    "overview_sentences",
    "report",
    "report_figures",
]
