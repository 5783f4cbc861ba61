"""The channels by their kind, built from the settings."""

from kernel.clock import Clock
from mesh.settings import SettingsError
from ordermesh.notify.v1 import destination_service_pb2 as pb
from svc_notify.adapters.channels.http_post import HttpPost
from svc_notify.adapters.channels.mail import Email, MailServer
from svc_notify.adapters.channels.reach import tls_context
from svc_notify.adapters.channels.slack import Slack
from svc_notify.adapters.channels.webhook import Webhook
from svc_notify.service.ports import Channels
from svc_notify.settings import NotifySettings


def build_channels(settings: NotifySettings, clock: Clock) -> Channels:
    """Return every channel of the contract.

    Raises:
        SettingsError: The file with authorities cannot be read.
    """
    try:
        tls = tls_context(settings.notify_authorities)
    except OSError as error:
        raise SettingsError(
            f"ORDERMESH_NOTIFY_AUTHORITIES is {str(settings.notify_authorities)!r}; it should be a "
            f"file with certificates in PEM: {error.strerror or error}"
        ) from None
    post = HttpPost(tls, settings.trusted_hosts)
    return {
        pb.CHANNEL_KIND_WEBHOOK: Webhook(post, clock),
        pb.CHANNEL_KIND_EMAIL: Email(_mail_server(settings), tls),
        pb.CHANNEL_KIND_SLACK: Slack(post),
    }


def _mail_server(settings: NotifySettings) -> MailServer | None:
    if not settings.notify_smtp_host:
        return None
    return MailServer(
        settings.notify_smtp_host,
        settings.notify_smtp_port,
        settings.notify_smtp_tls == "implicit",
        settings.notify_smtp_user,
        settings.notify_smtp_password.get_secret_value(),
        settings.notify_mail_from,
    )
