"""How does a chain come in and go out? Folder, workbook, GraphML, node-link JSON, edge list; the shipped graphs.

Words: *intake* (the reader's view of an untrusted file: sizes, encodings, faults by row), *exit* (a format that
is only written), *descriptor* (``datapackage.json``).
"""

from chainnet.io.atomic import Placing, check_target, write_file, write_files
from chainnet.io.catalogue import catalog, shipped_names, shipped_path
from chainnet.io.columns import head_words, role_of
from chainnet.io.datapackage import DESCRIPTOR, generate_datapackage, read_descriptor, take_meta
from chainnet.io.encodings import encoding_of
from chainnet.io.excerpts import DIRECTIONS, UNITS, Excerpt, excerpt, unit_of, unit_size
from chainnet.io.folder import headers_of, table_csv, write_folder
from chainnet.io.intake import Intake
from chainnet.io.looking import Look, look_at
from chainnet.io.people import to_people_csv
from chainnet.io.reading import read
from chainnet.io.single import read_table, with_rules
from chainnet.io.template import write_template
from chainnet.io.template_book import marked_copy, write_template_book
from chainnet.io.text import file_stem, load_json, load_toml, number_text, parse_csv, read_text
from chainnet.io.writing import write

__all__ = [
    "DESCRIPTOR",
    "DIRECTIONS",
    "UNITS",
    "Excerpt",
    "Intake",
    "Look",
    "Placing",
    "catalog",
    "check_target",
    "encoding_of",
    "excerpt",
    "file_stem",
    "generate_datapackage",
    "head_words",
    "headers_of",
    "load_json",
    "load_toml",
    "look_at",
    "marked_copy",
    "number_text",
    "parse_csv",
    "read",
    "read_descriptor",
    "read_table",
    "read_text",
    "role_of",
    "shipped_names",
    "shipped_path",
    "table_csv",
    "take_meta",
    "to_people_csv",
    "unit_of",
    "unit_size",
    "with_rules",
    "write",
    "write_file",
    "write_files",
    "write_folder",
    "write_template",
    "write_template_book",
]
