"""Settings of the local stack from the environment."""

from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from mesh.settings import ENV_PREFIX, SettingsError, explained


class StackSettings(BaseSettings):
    """External servers by URL, and the folder of the stack; all with the prefix ORDERMESH_."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="ignore")

    home: Path | None = None
    """Folder of the stack's data; by default ``.ordermesh`` in the project."""
    database_url: str = ""
    """PostgreSQL 15 or newer to use instead of the embedded one. The role must own the
    schemas ``oms`` and ``identity`` or may create them."""
    redis_url: str = ""
    """Redis 6.2 or newer to use instead of the embedded one."""
    port_offset: int = 0
    """Added to every port, so that two stacks fit on one machine."""
    order_value_max: str = ""
    """Passed on to svc_oms: largest value of one order, or ``none``; its default if empty."""


def stack_settings() -> StackSettings:
    """Read the settings from the environment.

    Raises:
        SettingsError: A value is not valid.
    """
    try:
        return StackSettings()
    except ValidationError as error:
        raise SettingsError(explained(error, lambda name: f"{ENV_PREFIX}{name.upper()}")) from None
