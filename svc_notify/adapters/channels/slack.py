"""Incoming webhooks as Slack takes them, and what is compatible with them: {"text": ...}."""

import json
from typing import Final

from svc_notify.adapters.channels.http_post import HttpPost
from svc_notify.domain.outbox import Message, Outcome
from svc_notify.domain.wording import lines, subject

TEXT_CHARACTERS_MAX: Final = 3_000
"""Of the lines; Slack shortens texts of more than 4,000 characters."""
ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class Slack:
    """The channel. The address is the secret: nothing is signed, and no cause names it."""

    def __init__(self, post: HttpPost) -> None:
        self._post = post

    async def deliver(self, message: Message) -> Outcome:
        """Try once."""
        text = "\n".join((subject(message), *lines(message, TEXT_CHARACTERS_MAX)))
        body = json.dumps({"text": text.translate(ESCAPES)}).encode()
        return await self._post.send(message.destination.address, {}, body)
