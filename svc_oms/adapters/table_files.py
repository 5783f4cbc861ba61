"""Writes a table of texts to a CSV or a Parquet file, which has its name only when it is whole."""

import csv
import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol


class TableFileError(Exception):
    """The file cannot be written. The text names it and the cause."""


class RowWriter(Protocol):
    """Takes rows."""

    def write(self, rows: Sequence[tuple[str, ...]]) -> None:
        """Append rows."""
        ...


class _Csv:
    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(columns)

    def write(self, rows: Sequence[tuple[str, ...]]) -> None:
        self._writer.writerows(rows)

    def close(self) -> None:
        self._file.close()


class _Parquet:
    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        try:
            self._arrow: Any = importlib.import_module("pyarrow")
            parquet: Any = importlib.import_module("pyarrow.parquet")
        except ImportError as error:
            raise TableFileError(
                "Parquet files need pyarrow: `pip install 'ordermesh[parquet]'`; .csv needs nothing"
            ) from error
        self._schema = self._arrow.schema([(name, self._arrow.string()) for name in columns])
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, rows: Sequence[tuple[str, ...]]) -> None:
        if rows:
            arrays = [self._arrow.array(column) for column in zip(*rows, strict=True)]
            table = self._arrow.Table.from_arrays(arrays, schema=self._schema)
            self._writer.write_table(table)

    def close(self) -> None:
        self._writer.close()


_KINDS: dict[str, type[_Csv] | type[_Parquet]] = {".csv": _Csv, ".parquet": _Parquet}


@contextmanager
def table_file(path: Path, columns: Sequence[str]) -> Iterator[RowWriter]:
    """Write a file by its suffix, .csv or .parquet; nothing is left of one that is not whole.

    Raises:
        TableFileError: The suffix is another one, or the file cannot be written.
    """
    kind = _KINDS.get(path.suffix)
    if kind is None:
        raise TableFileError(f"the file is {path}; its name should end with {' or '.join(_KINDS)}")
    partial = path.with_name(f"{path.name}.partial")
    try:
        writer: _Csv | _Parquet = kind(partial, columns)
        try:
            yield writer
        finally:
            writer.close()
        partial.replace(path)
    except OSError as error:
        raise TableFileError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
