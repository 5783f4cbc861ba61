"""Settings of the local stack from the environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from mesh.kafka.connection import KafkaFields
from mesh.settings import ENV_PREFIX, SettingsError, explained


class StackSettings(KafkaFields, BaseSettings):
    """External servers by URL, and the folder of the stack; all with the prefix ORDERMESH_."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="ignore")

    home: Path | None = None
    """Folder of the stack's data; by default ``.ordermesh`` in the project."""
    database_url: str = ""
    """PostgreSQL 15 or newer to use instead of the embedded one."""
    database_owner_url: str = ""
    """The same database as the role that owns the schemas ``oms`` and ``identity``, or may create
    them. Empty: the role of ``database_url`` does, and can then rewrite the logs."""
    redis_url: str = ""
    """Redis 6.2 or newer to use instead of the embedded one."""
    maven_url: str = ""
    """A repository in Maven's layout with the jars of the Kafka broker; by default the mirror in
    ``~/.m2/settings.xml``, else Maven Central."""
    cache_dir: Path = Path.home() / ".cache" / "ordermesh"
    """Folder that keeps the jars between stacks."""
    port_offset: int = 0
    """Added to every port, so that two stacks fit on one machine."""
    order_value_max: str = ""
    """Passed on to svc_oms: largest value of one order, or ``none``; its default if empty."""
    sim_auction_s: Annotated[int, Field(ge=0, le=3600)] = 0
    """Passed on to the simulated venues: seconds in which orders collect before each auction."""
    retention_events_days: str = ""
    """Passed on to the retention that runs daily; its default if empty."""
    retention_audit_days: str = ""
    """The same for the audit log."""

    checkpoint_copy_to: str = ""
    """A second place for the daily checkpoints: a folder, or an https URL; empty for none."""

    archive: str = ""
    """The event archive that `ordermesh archive` reads: a folder or s3://bucket/prefix; by default
    that of the stack."""

    notify_trusted_hosts: str = ""
    """Passed on to svc_notify, as the keys below are; docs/WEBHOOKS.md has their meaning."""
    notify_authorities: str = ""
    notify_smtp_host: str = ""
    notify_smtp_port: str = ""
    notify_smtp_tls: str = ""
    notify_smtp_user: str = ""
    notify_smtp_password: SecretStr = SecretStr("")
    notify_mail_from: str = ""

    @property
    def own_channels(self) -> dict[str, str]:
        """The keys of the channels of notifications that are set."""
        given = {
            name: getattr(self, name)
            for name in type(self).model_fields
            if name.startswith("notify_")
        }
        texts = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in given.items()
        }
        return {name.upper(): text for name, text in texts.items() if text}

    @property
    def own_kafka(self) -> dict[str, str]:
        """The keys of the connection to the user's own cluster that are set."""
        given = {name: str(getattr(self, name)) for name in KafkaFields.model_fields}
        return {name.upper(): value for name, value in given.items() if value}

    @property
    def owner_url(self) -> str:
        """The URL for migrations and retention."""
        return self.database_owner_url or self.database_url


def stack_settings() -> StackSettings:
    """Read the settings from the environment.

    Raises:
        SettingsError: A value is not valid.
    """
    try:
        return StackSettings()
    except ValidationError as error:
        raise SettingsError(explained(error, lambda name: f"{ENV_PREFIX}{name.upper()}")) from None
