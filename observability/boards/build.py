"""Builds the JSON that Grafana 11 imports, with Grafana's own library of builders."""

import string
from collections.abc import Iterator
from typing import Final

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef, GridPos

from observability.boards.panels import Board, Panel
from observability.boards.platform import EDGE, OBJECTIVES, STORES, STREAMS
from observability.boards.trading import MARKET_DATA, ORDERS, RISK, VENUES

BOARDS: Final = (EDGE, ORDERS, VENUES, MARKET_DATA, STREAMS, STORES, RISK, OBJECTIVES)
SOURCE: Final = "${datasource}"
# Of Grafana's 24 columns and its rows.
WIDTH, HEIGHT, COLUMNS = 8, 8, 3


def boards() -> dict[str, str]:
    """Return every dashboard's JSON by the name of its file."""
    return {one.name: _json(one) for one in BOARDS}


def expressions() -> Iterator[tuple[str, str, str]]:
    """Yield every query: dashboard, panel, expression."""
    for board in BOARDS:
        for panel in board.panels:
            for query in panel.queries:
                yield board.name, panel.title, query.expression


def _json(board: Board) -> str:
    built = (
        dashboard.Dashboard(f"Ordermesh: {board.title}")
        .uid(f"ordermesh-{board.name}")
        .description(board.about)
        .tags(["ordermesh"])
        .refresh("10s")
        .time("now-1h", "now")
        .timezone("utc")
        .with_variable(
            dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
        )
    )
    for number, panel in enumerate(board.panels):
        place = GridPos(h=HEIGHT, w=WIDTH, x=number % COLUMNS * WIDTH, y=number // COLUMNS * HEIGHT)
        built = built.with_panel(_panel(panel, place, number + 1))
    return JSONEncoder(sort_keys=True, indent=1).encode(built.build()) + "\n"


def _panel(panel: Panel, place: GridPos, number: int) -> timeseries.Panel | stat.Panel:
    made = stat.Panel() if panel.single else timeseries.Panel()
    made = (
        made.title(panel.title)
        .id(number)
        .description(panel.about)
        .unit(panel.unit)
        .datasource(_source())
        .grid_pos(place)
    )
    for letter, query in zip(string.ascii_uppercase, panel.queries, strict=False):
        made = made.with_target(
            prometheus.Dataquery()
            .expr(query.expression)
            .legend_format(query.legend)
            .ref_id(letter)
            .datasource(_source())
        )
    return made


def _source() -> DataSourceRef:
    return DataSourceRef(type_val="prometheus", uid=SOURCE)
