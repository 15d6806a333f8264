"""The reader of exports…"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from app.sales.lines import read
from app.sales.table import CannotRead
from tests.replay.conftest import HEADER

ROW = "536365,84029E,RED WOOLLY HOTTIE,6,2010-12-01T08:26:00,3.39,17850,United Kingdom"


def put(folder: Path, content: bytes | str, name: str = "sales.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_reads_every_line_with_its_number(tmp_path: Path) -> None:
    export = read(put(tmp_path, f"{HEADER}\n{ROW}\n\n{ROW}\n"))
    assert [(line.number, line.invoice, line.code, line.fault) for line in export.lines] == [
        (2, "536365", "84029E", ""),
        (4, "536365", "84029E", ""),
    ]


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(lambda text: text.encode(), id="utf-8"),
        pytest.param(lambda text: b"\xef\xbb\xbf" + text.encode(), id="with a byte order mark"),
        pytest.param(lambda text: text.encode("cp1252"), id="cp1252"),
        pytest.param(lambda text: gzip.compress(text.encode()), id="gzip"),
        pytest.param(lambda text: text.replace("\n", "\r\n").encode(), id="lines of Windows"),
    ],
)
def test_reads_what_shops_export(tmp_path: Path, packed) -> None:  # type: ignore[no-untyped-def]
    export = read(put(tmp_path, packed(f"{HEADER}\n{ROW.replace('HOTTIE', 'HOTTIE £5')}\n")))
    assert export.lines[0].description == "RED WOOLLY HOTTIE £5"


def test_takes_columns_in_any_order(tmp_path: Path) -> None:
    names, fields = HEADER.split(",")[::-1], ROW.split(",")[::-1]
    (line,) = read(put(tmp_path, ",".join(names) + "\n" + ",".join(fields) + "\n")).lines
    assert (line.invoice, line.quantity, line.country) == ("536365", "6", "United Kingdom")


def test_knows_a_content_however_it_is_packed(tmp_path: Path) -> None:
    text = f"{HEADER}\n{ROW}\n".encode()
    assert read(put(tmp_path, text)).digest == read(put(tmp_path, gzip.compress(text), "sales.csv.gz")).digest
    assert read(put(tmp_path, text)).digest != read(put(tmp_path, text + ROW.encode())).digest


def test_keeps_fields_that_hold_commas_quotes_and_lines(tmp_path: Path) -> None:
    row = ROW.replace("RED WOOLLY HOTTIE", '"KEY FOB , ""SHED""\nand more"')
    first, second = read(put(tmp_path, f"{HEADER}\n{row}\n{ROW}\n")).lines
    assert first.description == 'KEY FOB , "SHED"\nand more'
    assert (first.number, second.number) == (2, 4)


def test_keeps_a_line_that_cannot_be_taken_apart_with_its_fault(tmp_path: Path) -> None:
    lines = read(put(tmp_path, f'{HEADER}\n{ROW},more\nfew,fields\n536365,"84"029E,X,1,2010-12-01,1,,\n{ROW}\n')).lines
    assert [line.fault.split(":")[0] for line in lines] == ["9 fields instead of 8", "2 fields instead of 8", "not valid CSV", ""]
    assert [line.number for line in lines] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (gzip.compress(b""), "is empty"),
        (HEADER.encode(), "a header but no lines"),
        (b"a,b\n1,2\n", "missing InvoiceNo, StockCode"),
        (HEADER.replace("Country", "Land").encode() + b"\n", "missing Country; not known Land"),
        (HEADER.replace("Country", "InvoiceNo").encode() + b"\n", "missing Country; there twice InvoiceNo"),
        (HEADER.replace(",", ";").encode() + b"\n", "Columns are separated by commas"),
        (f"{HEADER}\n{ROW}".encode("utf-16"), "is UTF-16"),
        (b"\x89PNG\r\n\x1a\n\x00\x81\x8d", "is not text"),
        (gzip.compress(f"{HEADER}\n{ROW}".encode())[:-9], "not a complete gzip file"),
        (f'{HEADER}\n{ROW}\n536365,"84029E,{ROW}\n{ROW}\n'.encode(), "line 3: a quote is opened there"),
    ],
)
def test_says_why_a_file_cannot_be_used(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(CannotRead) as problem:
        read(put(tmp_path, content))
    assert says in str(problem.value)


def test_says_why_a_file_cannot_be_opened(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(CannotRead, match=r"Cannot read .*\."):
            read(path)
