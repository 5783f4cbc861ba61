"""Which session leads to which venue, and whether it is up. A view of oms.sessions."""

from collections.abc import Iterable
from typing import NamedTuple

from mesh.errors import MeshError, refuse
from ordermesh.gateway.v1.venue_link_service_pb2 import (
    SESSION_STATE_DOWN,
    SESSION_STATE_UP,
    SessionState,
)
from svc_oms.service import metrics


class VenueSession(NamedTuple):
    """A session as it is known here."""

    session_id: str
    venue_mic: str
    state: int
    fencing_token: int
    drop_copy: bool = False


class VenueSessions:
    """Sessions by venue; told by the local links and read from the database."""

    def __init__(self) -> None:
        self._by_venue: dict[str, VenueSession] = {}

    def learn(self, sessions: Iterable[VenueSession]) -> list[VenueSession]:
        """Take what is known now; return the sessions that went up or down by it."""
        moved = []
        for session in sessions:
            if session.drop_copy:
                # No command goes there: whether it is up is nobody's business but the operator's.
                metrics.LINK_STATE.labels(session.session_id, session.venue_mic).set(session.state)
                continue
            before = self._by_venue.get(session.venue_mic)
            if before is not None and before.fencing_token > session.fencing_token:
                continue
            self._by_venue[session.venue_mic] = session
            metrics.LINK_STATE.labels(session.session_id, session.venue_mic).set(session.state)
            was_up = before is not None and before.state == SESSION_STATE_UP
            if before is not None and was_up != (session.state == SESSION_STATE_UP):
                moved.append(session)
        return moved

    def all(self) -> list[VenueSession]:
        """Return every session known."""
        return list(self._by_venue.values())

    def session_of(self, venue_mic: str) -> str:
        """Return the session commands for a venue go to, up or not.

        Raises:
            MeshError: VENUE_UNAVAILABLE: there never was one.
        """
        session = self._by_venue.get(venue_mic)
        if session is None:
            raise _unavailable(venue_mic, "no order session has ever been linked")
        return session.session_id

    def require_up(self, venue_mic: str) -> str:
        """Return the session of a venue that can take orders now.

        Raises:
            MeshError: VENUE_UNAVAILABLE.
        """
        session = self._by_venue.get(venue_mic)
        if session is None or session.state != SESSION_STATE_UP:
            state = SESSION_STATE_DOWN if session is None else session.state
            name = SessionState.Name(state).removeprefix("SESSION_STATE_")
            raise _unavailable(venue_mic, f"its order session is {name}")
        return session.session_id


def _unavailable(venue_mic: str, why: str) -> MeshError:
    return refuse(
        "VENUE_UNAVAILABLE",
        f"venue {venue_mic} cannot take orders now: {why}; nothing was sent",
        retry_after_s=2.0,
        venue_mic=venue_mic,
    )
