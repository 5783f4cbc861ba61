"""Settings: one frozen value per process, read once from the environment.

This is the only file that reads ``os.environ``. Every key is a field of the
process's settings class with the prefix ``ORDERMESH_``; an unknown key is refused,
because a misspelt key would otherwise be ignored without an error.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from kernel.well_known import JWKS_PATH
from mesh.certificates.expiry import WARNING_DAYS

ENV_PREFIX = "ORDERMESH_"
# Keys of the command line, which a service may inherit.
SHARED_KEYS = frozenset({"ORDERMESH_HOME"})
SETTINGS_EXIT_CODE = 2
"""What a process ends with whose settings are wrong."""


class SettingsError(ValueError):
    """Settings, or a file that they name, are not valid; the text says what to change."""


class MeshSettings(BaseSettings):
    """Keys of every process. Subclasses add their own and name the service."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, frozen=True, extra="forbid", env_ignore_empty=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # the parent's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the parent's signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the parent's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the parent's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the constructor only: load_settings reads the environment, once."""
        return (init_settings,)

    service: ClassVar[str] = "svc-unnamed"
    """Name of the service: prefix of its certificate's DNS name."""

    @property
    def log_name(self) -> str:
        """The field ``service`` of each log line."""
        return self.service

    bind: str = ""
    """Address of the gRPC server, host:port; empty for processes without one."""
    ops_bind: str = ""
    """Address of /metrics, /livez, /readyz over plain HTTP; empty for none."""
    health_bind: str = ""
    """Address where the edge asks for the health of this process, over mutual TLS; "" for none."""
    tls_cert: Path = Path("tls/leaf.pem")
    """Certificate chain of this process."""
    tls_key: Path = Path("tls/leaf.key")
    """Private key of this process."""
    tls_ca: Path = Path("tls/ca.pem")
    """Certificates of the mesh's authority."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level that is written."""
    log_format: Literal["json", "console"] = "json"
    """One JSON object per line, or coloured text."""
    jwks_url: str = f"https://127.0.0.1:9159{JWKS_PATH}"
    """URL of the public keys of tokens, at the identity service, over mutual TLS."""
    jwt_issuer: str = "ordermesh"
    """Required claim iss."""
    jwt_audience: str = "ordermesh"
    """Required claim aud."""
    jwt_life_max_s: int = 3600
    """Longest time in seconds from iat to exp of a token; a longer one is refused."""
    database_url: str = ""
    """postgresql://user@host:port/database."""
    checkpoint_copy_to: str = ""
    """Where `admin checkpoint` copies each checkpoint to: a folder, or an https URL to which it is
    sent with PUT; empty for nowhere."""
    redis_url: str = ""
    """redis://host:port/0; empty for none."""
    oms_target: str = "127.0.0.1:50051"
    """gRPC address of svc_oms."""
    marketdata_target: str = "127.0.0.1:50052"
    """gRPC address of svc_marketdata."""
    identity_target: str = "127.0.0.1:50053"
    """gRPC address of svc_identity."""
    stream_age_max_s: float = 1800.0
    """Longest life of a user's stream in seconds, less up to 20 % chosen at random."""
    expiry_warning_days: int = WARNING_DAYS
    """Days before a certificate or key expires in which the log warns of it, once a day."""
    user_calls_max: int = Field(256, ge=1)
    """Unary calls that one user may have open at this process; more are refused: OVERLOADED."""
    user_streams_max: int = Field(256, ge=1)
    """Streams that one user may have open at this process; more are refused: OVERLOADED."""
    drain_notice_s: float = 0.0
    """Seconds after SIGTERM in which the process says NOT_SERVING and serves on, so that the load
    balancer takes it out before it refuses calls. 0 where nothing balances over replicas."""
    drain_grace_s: float = 5.0
    """Seconds that open calls have to end after SIGTERM."""


SettingsT = TypeVar("SettingsT", bound=MeshSettings)


def load_settings(kind: type[SettingsT], environment: Mapping[str, str] | None = None) -> SettingsT:
    """Read the settings of a process.

    Args:
        kind: The process's settings class.
        environment: Read this instead of the process's environment.

    Raises:
        SettingsError: A key is unknown, missing or has a value of the wrong kind.
    """
    source = os.environ if environment is None else environment
    given = {key: value for key, value in source.items() if key.startswith(ENV_PREFIX)}
    known = {ENV_PREFIX + name.upper() for name in kind.model_fields}
    unknown = sorted(given.keys() - known - SHARED_KEYS)
    if unknown:
        raise SettingsError(
            f"{kind.service} does not know {', '.join(unknown)}; "
            f"it knows {', '.join(sorted(known))}"
        )
    values = {
        key.removeprefix(ENV_PREFIX).lower(): value
        for key, value in given.items()
        if key in known and value
    }
    return _checked(kind, values, lambda name: f"{ENV_PREFIX}{name.upper()}")


def with_flags(settings: SettingsT, flags: Mapping[str, object]) -> SettingsT:
    """Put flags of the command line over the settings; a flag that is None was not given.

    Raises:
        SettingsError: A flag has a value of the wrong kind.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    return _checked(type(settings), {**settings.model_dump(), **given}, str)


def _checked(
    kind: type[SettingsT], values: Mapping[str, Any], shown: Callable[[str], str]
) -> SettingsT:
    """Make settings; an error names each key as ``shown`` writes it."""
    try:
        return kind(**values)  # pydantic converts the texts
    except ValidationError as error:
        raise SettingsError(f"{kind.service}: {explained(error, shown)}") from None


def explained(error: ValidationError, shown: Callable[[str], str]) -> str:
    """Say in words what is wrong with settings; each key as ``shown`` writes it."""
    return "; ".join(
        f"{shown('_'.join(str(part) for part in fault['loc']))}: {fault_words(fault)}"
        for fault in error.errors()
    )


def fault_words(fault: Mapping[str, Any]) -> str:
    """Say in words what is wrong with one value, without the name of the exception."""
    return str(fault["msg"]).removeprefix("Value error, ")


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return this environment for a child process: without ORDERMESH_ keys, plus ``extra``."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(ENV_PREFIX)}
    return {**inherited, **extra}
