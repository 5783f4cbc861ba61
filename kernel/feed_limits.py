"""The limits of a feed of prices (feed_service.proto), of those who send one and who takes it."""

from typing import Final

UPDATES_PER_FRAME_MAX: Final = 1_000
"""Changes of one frame; more are refused."""
LISTINGS_PER_FRAME_MAX: Final = 500
"""Listings of one frame; more are refused."""
UNACKNOWLEDGED_FRAMES_MAX: Final = 64
"""Frames sent and not acknowledged; beyond it the sender waits."""
HEARTBEAT_S: Final = 5.0
"""Seconds after which a frame is sent although there is nothing to send."""
