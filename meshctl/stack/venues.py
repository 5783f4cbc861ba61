"""The venues file of the local stack: orders, prices and drop copy of each simulated venue."""

from pathlib import Path
from typing import Any

import yaml

from deploy.processes import VENUES
from meshctl.stack.home import Home, Ports

# More than the two simulated venues can take, so that only the machine limits the bench.
VENUE_MESSAGES_PER_SECOND = 20_000
# SIMA takes every type; SIMB only the basic types, so that the OMS works the others.
OFFERED = {
    "SIMA": {
        "order_types": [
            "market", "limit", "stop", "stop_limit", "market_to_limit", "iceberg", "pegged",
            "trailing_stop",
        ],
        "times_in_force": ["day", "gtc", "gtd", "ioc", "fok", "at_open", "at_close"],
    },
    "SIMB": {"order_types": ["market", "limit"], "times_in_force": ["day", "gtc", "ioc", "fok"]},
}  # fmt: skip

# SIMA is dear to take from and pays who rests; SIMB is cheap, with a minimum for each order.
FEES: dict[str, dict[str, Any]] = {
    "SIMA": {
        "currency": "EUR",
        "taker": {"basis_points": "0.9"},
        "maker": {"basis_points": "-0.2"},
        "version": "simulated",
    },
    "SIMB": {
        "currency": "EUR",
        "taker": {"basis_points": "0.3", "minimum": "0.05"},
        "maker": {"basis_points": "0.1"},
        "version": "simulated",
    },
}


def write_venues_file(
    home: Home, ports: Ports, *, drop_copy: bool = True, agents: bool = True, hours: str = ""
) -> Path:
    """Write ``run/venues.yaml``; svc_gateway/README.md documents every key.

    The calendar of a simulated venue has its own MIC: trading on every day of UTC, at these hours
    or around the clock.
    """
    sessions = []
    for venue in VENUES:
        mic, port = venue.settings["SIM_MIC"], ports[venue.listener("fix")]
        dialect = {"simulated": True, "trading_session_status": True}
        common = {
            "venue_mic": mic,
            "target_comp_id": mic,
            "host": "127.0.0.1",
            "port": port,
            "heartbeat_s": 10,
            "reconnect_s": 1,
            "dialect": dialect,
            "trading_day": {"hours": hours or "00:00-24:00"},
        }
        sessions += [
            {
                "session_id": f"{mic.lower()}-orders",
                "role": "orders",
                "sender_comp_id": "ORDERMESH",
                "venue_messages_per_second": VENUE_MESSAGES_PER_SECOND,
                **common,
                "dialect": {**dialect, "mass_status": True, **OFFERED[mic]},
                "fees": FEES[mic],
            },
            {
                "session_id": f"{mic.lower()}-prices",
                "role": "market_data",
                "sender_comp_id": "ORDERMESH-MD",
                # Without agents nothing moves the prices, so their silence means nothing.
                **({} if agents else {"price_silence_max_s": 0}),
                **common,
                "dialect": {**dialect, "auction_prices": True},
            },
        ]
        if drop_copy:
            sessions.append(
                {
                    "session_id": f"{mic.lower()}-copies",
                    "role": "drop_copy",
                    "sender_comp_id": "ORDERMESH-DC",
                    **common,
                    "dialect": {"simulated": True},
                }
            )
    path = home.run / "venues.yaml"
    path.write_text(yaml.safe_dump({"sessions": sessions}, sort_keys=False), "utf-8")
    return path
