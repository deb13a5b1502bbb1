"""A seeded fuzzer of all that reads a file: a valid file, broken here and there, is read or refused in words.

Run as a script for many files: ``python tests/fuzzing.py --files 10000 --seed 0 [--only graphml] [--keep DIR]``.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd

import chainnet as cn
from chainnet.errors import ChainnetWarning

MOST_S = 20  # of processor time for one file
MARK = "\x00\x01broken\x02"  # what no message may hand on as it stands

WORDS = (
    "", " ", "0", "-0", "-1", "1e999", "-1e308", "1e308", "1e-320", "nan", "NaN", "inf", "-Infinity", "0x10", "1_000",
    "1,5", "1.000,5", "99999999999999999999", "9" * 400, "9" * 5000, "1" + "0" * 308, "１２", "١٢", "true", "null", "None", "NA",
    "=1+1", "=cmd|' /C calc'!A0", "@x", "a;b", "a\tb", '"', '""', "'", "'''", '"""', "\\", "\\u0000", "\\ud800", "../../etc/passwd",
    "/etc/passwd", "con", "[", "]", "{", "}", "[" * 2000, "{" * 2000, "[[", "]]>", "<", ">", "</", "<a>" * 200, "&", "&a;",
    "&#0;", "&#xD800;", "&lt;", "<!DOCTYPE x>", '<!DOCTYPE x [<!ENTITY a "b">]>', "<![CDATA[", "<?xml?>", "<!--", "\u2028",
    "\ufeff", "\x00", "\x1f", "\x7f", "\x85", "\r", "\n", "\r\n", ",", ";", ",,,,,,,,", "#", "é", "磁石", "a" * 40000,
    "1979-05-27", "1979-05-27T07:32:00Z", "07:32:00", "2027-13", "2027-01", "CHN", "ZZZ", "mine", "end_use", "id", "chainnet",
    "_x0000_", "_xD800_", "_x005F_", "W", ">5", "e", "--", "NA(1)", "$left", "low", "high", "extends", "[parameters]", "measures",
)  # fmt: skip
RAW = (
    b"\xff",
    b"\xed\xa0\x80",
    b"\xc3",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x00\x00\x00\x00",
    b"\xf4\x90\x80\x80",
    b"PK\x05\x06",
)
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1e308, -1e-320, 10**30, 10**400, "", "x", "nan", "\ud800", "\x00", "é", [], {}, [[]], [None], {"": 0},
    ["x"], [1, "x"], {"a": {"b": []}}, "a" * 5000,
)  # fmt: skip
_TOKEN = re.compile(rb'"[^"\n]*"|[\w.+-]+|[^\w\s]')


# -- breaking -----------------------------------------------------------------------------------


def any_word(rng: Random) -> bytes:
    return rng.choice(RAW) if rng.random() < 0.1 else rng.choice(WORDS).encode("utf-8", "surrogatepass")


def broken_bytes(rng: Random, data: bytes) -> bytes:
    """Change some bytes of anything."""
    way, size = rng.randrange(6), max(len(data), 1)
    a, b = sorted((rng.randrange(size), min(size, rng.randrange(size) + rng.randrange(1, 40))))
    if way == 0:
        out = bytearray(data)
        for _ in range(rng.randrange(1, 9)):
            if out:
                out[rng.randrange(len(out))] = rng.randrange(256)
        return bytes(out)
    if way == 1:
        return data[:a]
    if way == 2:
        return data[:a] + data[b:]
    if way == 3:
        return data[:b] + data[a:]
    if way == 4:
        return data[:a] + rng.randbytes(rng.randrange(1, 12)) + data[a:]
    return data[:a] + any_word(rng) + data[a:]


def broken_text(rng: Random, data: bytes) -> bytes:
    """Change words and lines of a text."""
    way = rng.randrange(8)
    lines = data.split(b"\n")
    row = rng.randrange(len(lines))
    if way < 4:
        found = list(_TOKEN.finditer(data))
        if not found:
            return broken_bytes(rng, data)
        at = rng.choice(found)
        word = any_word(rng) if way < 3 else rng.choice(found).group()
        return data[: at.start()] + word + data[at.end() :]
    if way == 4:
        return b"\n".join([*lines[:row], *lines[row + 1 :]])
    if way == 5:
        return b"\n".join([*lines[:row], *[lines[row]] * rng.choice((2, 2, 3, 300)), *lines[row + 1 :]])
    if way == 6:
        rng.shuffle(lines)
        return b"\n".join(lines)
    other = rng.randrange(len(lines))
    return b"\n".join([*lines[:row], lines[row] + lines[other], *lines[row + 1 :]])


def broken_json(rng: Random, data: bytes) -> bytes:
    """Put another value somewhere into JSON, or another key."""
    top = [json.loads(data)]
    at, key, holder = top, 0, top
    for _ in range(rng.randrange(1, 9)):
        inner = holder[key] if isinstance(holder, (list, dict)) else None  # type: ignore[index, call-overload]
        if not isinstance(inner, (list, dict)) or not inner:
            break
        holder = inner  # type: ignore[assignment]
        key = rng.choice(list(inner)) if isinstance(inner, dict) else rng.randrange(len(inner))  # type: ignore[assignment]
    at = holder
    value = rng.choice(VALUES) if rng.random() < 0.8 else rng.choice(WORDS)
    if isinstance(at, dict) and rng.random() < 0.3:
        kept = at.pop(key)
        if rng.random() < 0.7:
            at[rng.choice(WORDS)] = kept
    else:
        at[key] = value
    return json.dumps(top[0], ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def broken_zip(rng: Random, data: bytes, inner: Callable[[Random, bytes], bytes]) -> bytes:
    """Break one part of an archive, or leave it out, or give it a twin."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        parts = [(info.filename, book.read(info)) for info in book.infolist()]
    place = rng.randrange(len(parts))
    name, content = parts[place]
    way = rng.randrange(12)
    if way == 0:
        parts.pop(place)
    elif way == 1:
        parts[place] = (rng.choice(WORDS)[:200].replace("\x00", "") or "x", content)
    elif way == 2:
        parts.append((name, broken_text(rng, content)))
    else:
        parts[place] = (name, inner(rng, content))
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        warnings.simplefilter("ignore")
        for name, content in parts:
            book.writestr(name.encode("utf-8", "replace").decode(), content)
    return out.getvalue()


def broken_book(rng: Random, data: bytes) -> bytes:
    """Change cells, sheets and rows of a workbook."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data))
    cells: tuple[Any, ...] = (
        date(2027, 1, 1), datetime(2027, 1, 1, 12), True, "=A1", "#N/A", "#REF!", 1e308, -1e-320, 10**30, "x" * 32000, "1,5",
        "_x0000_", "_xD800_", None, "", 0, "磁石", -1,
    )  # fmt: skip
    for _ in range(rng.randrange(1, 4)):
        sheet = rng.choice(book.worksheets)
        way = rng.randrange(9)
        cell = sheet.cell(rng.randrange(1, sheet.max_row + 3), rng.randrange(1, sheet.max_column + 3))
        if way < 5:
            cell.value = rng.choice(cells)
        elif way == 5:
            sheet.delete_rows(rng.randrange(1, sheet.max_row + 1))
        elif way == 6:
            sheet.insert_cols(rng.randrange(1, sheet.max_column + 1))
        elif way == 7:
            sheet.title = rng.choice(("Edges", "notes", "node", "META", "x" * 31, "edges ", "lists", "faults"))
        else:
            sheet.merge_cells(start_row=1, start_column=1, end_row=2, end_column=rng.randrange(1, 4))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def broken_frame(rng: Random, frame: pd.DataFrame) -> pd.DataFrame:
    """Change names, types and cells of a table."""
    frame = frame.copy()
    for _ in range(rng.randrange(1, 3)):
        way, place = rng.randrange(6), rng.randrange(max(frame.shape[1], 1))
        if frame.shape[1] == 0:
            break
        if way == 0:
            frame.columns = pd.Index([rng.choice(WORDS)[:60] if i == place else c for i, c in enumerate(frame.columns)])
        elif way == 1:
            frame = frame.drop(columns=frame.columns[place])
        elif way == 2:
            frame = pd.concat([frame, frame.iloc[:, [place]]], axis=1)
        elif way == 3:
            made: tuple[Any, ...] = (
                True, 10**18, date(2027, 1, 1), pd.Timestamp(0), pd.Timedelta(1), Decimal("1.5"), b"x", 1e308, float("inf"), -1.0, None,
                rng.choice(WORDS)[:60],
            )  # fmt: skip
            frame.isetitem(place, pd.Series([rng.choice(made)] * len(frame), index=frame.index))
        elif way == 4:
            cells = frame.iloc[:, place].astype(object)
            if len(cells):
                cells.iloc[rng.randrange(len(cells))] = rng.choice((*VALUES[:7], *WORDS[:40]))
            frame.isetitem(place, cells)
        else:
            frame = frame.iloc[: rng.randrange(len(frame) + 1)]
    return frame


def broken_parquet(rng: Random, data: bytes) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    frame = broken_frame(rng, parquet.read_table(io.BytesIO(data)).to_pandas())
    out = io.BytesIO()
    try:
        parquet.write_table(pa.Table.from_pandas(frame, preserve_index=rng.random() < 0.2), out)
    except (
        pa.ArrowException,
        ValueError,
        OverflowError,
        UnicodeError,
        TypeError,
    ):  # what Parquet cannot hold nobody hands in
        return broken_bytes(rng, data)
    return out.getvalue()


def broken_store(rng: Random, data: bytes) -> bytes:
    """Change cells and tables of a database."""
    import sqlite3

    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(data)
        word = rng.choice(
            (*WORDS[:40], None, 5, 2.5, b"\xff\x00", "[1]", "[null, 2]", '{"a": 1}', "[NaN, 1]", '["x", 1]')
        )
        word = word.replace("\x00", "") if isinstance(word, str) else word
        change: tuple[tuple[str, tuple[Any, ...]], ...] = (
            ("UPDATE OR IGNORE draws SET numbers = ?", (word,)),
            ("UPDATE OR IGNORE asked SET value = ?", (word,)),
            ("UPDATE OR IGNORE draws SET draw = draw + ?", (rng.choice((-5, 10**9, 10**18)),)),
            ("DELETE FROM asked", ()),
            ("DROP TABLE draws", ()),
            ("ALTER TABLE draws RENAME COLUMN numbers TO other", ()),
            ("DROP TABLE asked", ()),
            ("CREATE TRIGGER t AFTER INSERT ON draws BEGIN DELETE FROM draws; END", ()),
        )
        try:
            db.execute(*rng.choice(change))
            db.commit()
        except sqlite3.Error:
            return broken_bytes(rng, data)
        return bytes(db.serialize())


def broken(rng: Random, name: str, data: bytes) -> bytes:
    """Return the content of a file, broken in a way that fits its kind."""
    kind = Path(name).suffix
    if kind in (".xlsx", ".zip"):
        inside = partial(broken_zip, inner=lambda r, d: (broken_text if r.random() < 0.8 else broken_bytes)(r, d))
        ways: list[Callable[[Random, bytes], bytes]] = [broken_bytes, inside, inside]
        ways += [broken_book] * 2 if kind == ".xlsx" else []
    else:
        own = {".json": broken_json, ".parquet": broken_parquet, ".sqlite": broken_store}.get(kind)
        ways = [own, own, own, broken_bytes] if own else [broken_text, broken_text, broken_text, broken_bytes]
        ways += [broken_text] if kind == ".json" else []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        try:
            data = rng.choice(ways)(rng, data)
        except Exception:  # a way that needs a valid file finds one that is broken already
            data = broken_bytes(rng, data)
    return data


# -- what is read -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """Valid files, which of them are broken, and who reads them from the folder in which they lie."""

    name: str
    files: Mapping[str, bytes]
    ask: Callable[[Path], Any]
    weight: int = 1

    def broken_files(self, rng: Random) -> dict[str, bytes]:
        files = dict(self.files)
        for _ in range(rng.choice((1, 1, 1, 2))):
            name = rng.choice(sorted(files))
            files[name] = broken(rng, name, files[name])
        return files


BACI = b"t,i,j,k,v,q\n2022,180,156,260500,5000,900\n2022,156,392,260500,600,100\n2022,36,392,260500,300,50\n"
COMTRADE = (
    "typeCode,refYear,reporterCode,reporterISO,reporterDesc,flowCode,partnerCode,partnerISO,partnerDesc,partner2Code,"
    "cmdCode,customsCode,motCode,netWgt,isNetWgtEstimated,primaryValue\n"
    "C,2022,180,COD,Dem. Rep. of the Congo,X,156,CHN,China,0,2605,C00,0,1000000,False,5000000\n"
    "C,2022,156,CHN,China,M,180,COD,Dem. Rep. of the Congo,0,2605,C00,0,1300000,True,7000000\n"
    'C,2022,392,JPN,Japan,M,490,S19,"Other Asia, nes",0,2605,C00,2100,20000,False,100000\n'
    "C,2022,384,CIV,Côte d'Ivoire,X,392,JPN,Japan,0,2605,C00,0,3000,False,40000\n"
).encode()
LEGACY = (
    b"Classification,Year,Trade Flow,Reporter Code,Reporter,Reporter ISO,Partner Code,Partner,Partner ISO,"
    b"Commodity Code,Netweight (kg),Trade Value (US$),Flag\n"
    b"H5,2018,Export,180,Dem. Rep. of the Congo,COD,156,China,CHN,2605,1000000,5000000,0\n"
)
PLAIN = b"year,exporter,importer,code,t\n2022,COD,CHN,2605,900\n2022,CHN,JPN,2605,100\n"
USGS = (
    b"Source,Country,Type,Prod_t_2022,Prod_t_est_2023,Prod_notes\n"
    b'MCS2024,Congo (Kinshasa),"Mine production, cobalt content","144,000",170000,\n'
    b'MCS2024,United States,"Mine production, cobalt content",W,500,\n'
    b'MCS2024,Indonesia,"Mine production, cobalt content",>9600,17000,\n'
    b'MCS2024,World total (rounded),"Mine production, cobalt content",197000,230000,\n'
)
SCENARIO = b"""\
label = "Exports stop"
probability = 0.2

[parameters]
left = { value = 0.5, low = 0.3, high = 0.8, note = "assumed" }

[[measures]]
kind = "scale"
where = { country = "CHN", stage = ["mine", "refiner"] }
share = "$left"
start = "2027-03"
months = 6

[[measures]]
kind = "restrict"
from = { country = "CHN" }
to = { country = ["USA", "JPN"] }
commodity = ["magnet"]
tier = "defence"
share = 0.1
phase_in_months = 3
"""
GRAPHML_YED = b"""<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:y="http://www.yworks.com/xml/graphml">
<key for="node" id="d6" yfiles.type="nodegraphics"/><key attr.name="capacity_tpa" attr.type="double" for="edge" id="d1"><default>5</default></key>
<graph edgedefault="directed" id="G"><node id="n0"><data key="d6"><y:ShapeNode><y:NodeLabel>Mine</y:NodeLabel></y:ShapeNode></data></node>
<node id="n1"/><edge id="e0" source="n0" target="n1"><data key="d1">3.5</data></edge></graph></graphml>
"""
GEXF_GEPHI = b"""<?xml version="1.0" encoding="UTF-8"?>
<gexf xmlns="http://gexf.net/1.3" version="1.3"><meta lastmodifieddate="2024-01-01"><creator>Gephi 0.10</creator></meta>
<graph defaultedgetype="directed" mode="static"><attributes class="node"><attribute id="0" title="country" type="string"/></attributes>
<nodes><node id="a" label="A"><attvalues><attvalue for="0" value="CHN"/></attvalues></node><node id="b" label="B"/></nodes>
<edges><edge id="0" source="a" target="b" weight="3.5"/></edges></graph></gexf>
"""


def _usable(net: cn.Network) -> None:
    """What was read is a network that can be written and read again."""
    assert net.digest
    assert len(net.edges)


def _read(name: str) -> Callable[[Path], None]:
    return lambda folder: _usable(cn.read(folder / name))


def _check(name: str) -> Callable[[Path], None]:
    from typer.testing import CliRunner

    from chainnet.cli.app import app

    def ask(folder: Path) -> None:
        found = CliRunner().invoke(app, ["check", str(folder / name)])
        if found.exception is not None and not isinstance(found.exception, (SystemExit, cn.DataError)):
            raise found.exception
        if isinstance(found.exception, cn.DataError):
            raise found.exception

    return ask


def _scenario(folder: Path) -> None:
    scenario = cn.Scenario.read(folder / "stop.toml")
    (folder / "again").mkdir()
    again = folder / "again" / "stop.toml"
    again.write_text(scenario.to_toml(), encoding="utf-8")
    assert cn.Scenario.read(again).measures == scenario.measures


def _store(folder: Path) -> None:
    with_stop = cn.read("mag-9")
    cn.ensemble(with_stop, draws=3, store=folder / "runs.sqlite", ranked=1)


def _trade(name: str, folder: Path) -> None:
    _usable(cn.from_trade(folder / name, products={"2605": 0.1}).network)


def _production(folder: Path) -> None:
    from chainnet.calibration import read_production

    read_production(folder / "usgs.csv")


def _proof(folder: Path) -> None:
    from chainnet.io import load_json, read_text
    from chainnet.sharing import verify

    held = [load_json(read_text(folder / name, name), name) for name in ("proof.json", "root.json")]
    verify(*held)


def _lines(command: str, *words: str) -> Callable[[Path], None]:
    """Ask on the command line, ``{}`` standing for the folder."""
    from typer.testing import CliRunner

    from chainnet.cli.app import app

    def ask(folder: Path) -> None:
        found = CliRunner().invoke(app, [command, *(word.replace("{}", str(folder)) for word in words)])
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            raise found.exception

    return ask


def targets() -> list[Target]:
    """Return all that reads files, each with valid files of its own."""

    import networkx as nx

    from chainnet.io import write_template, write_template_book
    from chainnet.sharing import commit

    net = cn.read("mag-9")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_template(folder / "chain")
        chain = {p.relative_to(folder / "chain").as_posix(): p.read_bytes() for p in (folder / "chain").rglob("*.*")}
        chain = {name: data for name, data in chain.items() if name.endswith((".csv", ".json"))}
        small = cn.read(folder / "chain")
        forms = {}
        for suffix in (".xlsx", ".graphml", ".gexf", ".json"):
            forms[suffix] = cn.write(small, folder / f"net{suffix}").read_bytes()
        bare = cn.Network.from_edges(
            pd.DataFrame({"source": ["a", "b", "a"], "target": ["b", "c", "c"], "capacity_tpa": [5.0, None, 2.5]})
        )
        lists = {s: cn.write(bare, folder / f"list{s}").read_bytes() for s in (".csv", ".parquet")}
        template = write_template_book(folder / "template.xlsx").read_bytes()
        pd.DataFrame({"id": ["a", "b"], "stage": ["mine", "end_use"], "capacity_tpa": [1.0, None]}).to_parquet(
            folder / "nodes.parquet"
        )
        nodes_parquet = (folder / "nodes.parquet").read_bytes()
        pd.read_csv(io.BytesIO(BACI)).to_parquet(folder / "baci.parquet")
        baci_parquet = (folder / "baci.parquet").read_bytes()
        graph = nx.DiGraph()
        graph.add_edge("a", "b", capacity=3.5, weight=2)
        nx.write_graphml(graph, folder / "nx.graphml")
        nx_graphml = (folder / "nx.graphml").read_bytes()
        cn.ensemble(net, draws=3, store=folder / "runs.sqlite", ranked=1)
        store = (folder / "runs.sqlite").read_bytes()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
            book.writestr("BACI_HS92_Y2022_V1.csv", BACI)
        held = commit(net, bytes(32))
        proof = json.dumps(held.prove("commodities", "magnet"), default=str).encode()
        root = json.dumps(dict(held.published), default=str).encode()
    edges = b"source,target,capacity_tpa\na,b,3\n"
    return [
        Target("folder", chain, lambda folder: _usable(cn.read(folder)), 4),
        Target("parquet folder", {"nodes.parquet": nodes_parquet, "edges.csv": edges}, lambda f: _usable(cn.read(f))),
        Target("edge list", {"list.csv": lists[".csv"]}, _read("list.csv"), 2),
        Target("parquet", {"list.parquet": lists[".parquet"]}, _read("list.parquet"), 2),
        Target("workbook", {"net.xlsx": forms[".xlsx"]}, _read("net.xlsx"), 3),
        Target("template book", {"plan.xlsx": template}, _read("plan.xlsx")),
        Target("graphml", {"net.graphml": forms[".graphml"]}, _read("net.graphml"), 3),
        Target("graphml of networkx", {"nx.graphml": nx_graphml}, _read("nx.graphml")),
        Target("graphml of yEd", {"yed.graphml": GRAPHML_YED}, _read("yed.graphml")),
        Target("gexf", {"net.gexf": forms[".gexf"]}, _read("net.gexf"), 2),
        Target("gexf of Gephi", {"gephi.gexf": GEXF_GEPHI}, _read("gephi.gexf")),
        Target("json", {"net.json": forms[".json"]}, _read("net.json"), 3),
        Target("check", {"net.xlsx": forms[".xlsx"]}, _check("net.xlsx")),
        Target("check folder", chain, _check("")),
        Target("scenario", {"stop.toml": SCENARIO}, _scenario, 4),
        Target("store", {"runs.sqlite": store}, _store),
        Target("baci", {"baci.csv": BACI}, partial(_trade, "baci.csv")),
        Target("baci parquet", {"baci.parquet": baci_parquet}, partial(_trade, "baci.parquet")),
        Target("baci zip", {"baci.zip": packed.getvalue()}, partial(_trade, "baci.zip")),
        Target("comtrade", {"trade.csv": COMTRADE}, partial(_trade, "trade.csv"), 2),
        Target("legacy trade", {"trade.csv": LEGACY}, partial(_trade, "trade.csv")),
        Target("plain trade", {"trade.csv": PLAIN}, partial(_trade, "trade.csv")),
        Target("usgs", {"usgs.csv": USGS}, _production, 2),
        Target("proof", {"proof.json": proof, "root.json": root}, _proof),
    ]


# -- asking -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """What came instead of an answer or a DataError."""

    target: str
    seed: str
    error: str
    files: Mapping[str, bytes]

    def __str__(self) -> str:
        return f"{self.target}, seed {self.seed}:\n{self.error}"


class TooLong(BaseException):
    """A file kept the processor longer than any may."""


@contextmanager
def watched() -> Iterator[None]:
    """Stop what keeps the processor too long; does nothing where there is no such clock."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: Any) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, MOST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def finding(target: Target, seed: str, room: Path) -> Finding | None:
    """Break a target's files by a seed and read them; return what came that may not."""
    files = target.broken_files(Random(f"{target.name} {seed}"))
    folder = room / "given"
    shutil.rmtree(folder, ignore_errors=True)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    try:
        with warnings.catch_warnings(), watched():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", ChainnetWarning)
            target.ask(folder)
    except cn.DataError as error:
        said = str(error)
        if said.strip() and said.encode("utf-8", "replace").decode() == said and len(said) < 20_000:
            return None
        return Finding(target.name, seed, f"a message of {len(said)} characters: {said[:300]!r}", files)
    except (Exception, TooLong):
        return Finding(target.name, seed, traceback.format_exc(), files)
    return None


def run(n: int, seed: int, only: str = "") -> Iterator[Finding | None]:
    """Read n broken files, those of each target in turn by its weight."""
    chosen = [t for t in targets() for _ in range(t.weight) if only in t.name]
    with tempfile.TemporaryDirectory() as place:
        for number in range(n):
            yield finding(chosen[number % len(chosen)], f"{seed}.{number}", Path(place))


def main() -> None:
    """Print what is found, each kind of it once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=Path, help="folder for the files that were found")
    given = parser.parse_args()
    kinds: dict[str, int] = {}
    for number, found in enumerate(run(given.files, given.seed, given.only), start=1):
        if number % 1000 == 0:
            print(f"{number} of {given.files}", file=sys.stderr)
        if found is None:
            continue
        lines = found.error.strip().splitlines()
        places = [line.strip() for line in lines if "chainnet/" in line and 'File "' in line]
        kind = f"{found.target}: {lines[-1][:160]} @ {places[-1] if places else ''}"
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] == 1:
            print(f"{found}\n", flush=True)
            if given.keep is not None:
                for name, data in found.files.items():
                    path = given.keep / found.seed / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(data)
    print(*(f"{count} x {kind}" for kind, count in kinds.items()), sep="\n")
    print(f"{sum(kinds.values())} of {given.files} were neither read nor refused in words")


if __name__ == "__main__":
    main()
