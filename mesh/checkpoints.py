"""Signed checkpoints: the heads of the hash chains of a database, kept outside it.

A hash chain shows that an entry was changed, unless all later hashes were computed anew. A
checkpoint has the newest entry of each chain and is signed with a key that the database never
has: what was rewritten or cut below it is found by comparing.

The file has one JSON object a line: what it is of, the heads, and at last the signature (Ed25519)
over the SHA-256 of all bytes before that line.
"""

import json
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kernel.hashchain import Head

FORMAT: Final = "ordermesh checkpoint 1"
SIGNED_PREFIX: Final = FORMAT.encode() + b"\n"
PUBLIC_SUFFIX: Final = ".pub"


class CheckpointError(Exception):
    """A checkpoint or its key cannot be used; the text names the file and says why."""


class About(NamedTuple):
    """What a checkpoint is of."""

    schema: str
    epoch: str
    """Of the order book; empty where there is none."""
    taken_at: str
    """UTC, ISO 8601, by the clock of the machine that took it."""


def write_new_key(path: Path) -> Path:
    """Make a key in a new file that only its owner can read; return the file of its public part.

    Raises:
        CheckpointError: The file is there already, or its folder is not.
    """
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    write_new(path, private, 0o600)
    shown = path.with_name(path.name + PUBLIC_SUFFIX)
    write_new(shown, public, 0o644)
    return shown


def load_private_key(path: Path) -> Ed25519PrivateKey:
    """Read the key that signs.

    Raises:
        CheckpointError: It is missing, others can read it, or it is no such key.
    """
    pem = _read(path)
    status = path.stat()
    # A group may read a file that is not ours: so Kubernetes mounts secrets.
    refused = 0o077 if status.st_uid == os.geteuid() else 0o037
    if stat.S_IMODE(status.st_mode) & refused:
        raise CheckpointError(f"{path}: others can read it; do `chmod 600 {path}`")
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{path}: not an unencrypted PEM private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise CheckpointError(f"{path}: not an Ed25519 key")
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """Read the key that verifies.

    Raises:
        CheckpointError: It is missing, or it is no such key.
    """
    try:
        key = serialization.load_pem_public_key(_read(path))
    except ValueError as error:
        raise CheckpointError(f"{path}: not a PEM public key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise CheckpointError(f"{path}: not an Ed25519 key")
    return key


def write_checkpoint(
    path: Path, key_file: Path, about: About, heads: Iterable[Head]
) -> tuple[Path, int]:
    """Write and sign a new file; return it, and the number of its heads.

    Args:
        path: The file; or a folder, in which the file is named after schema and time.
        key_file: The private key.
        about: What the checkpoint is of.
        heads: The newest entry of each chain.

    Raises:
        CheckpointError: The file is there already or cannot be written, or the key cannot be used.
    """
    key = load_private_key(key_file)
    if path.is_dir():
        moment = about.taken_at.partition("+")[0].replace(":", "").replace("-", "")
        path = path / f"{about.schema}-{moment}Z.jsonl"
    lines = [json.dumps({"format": FORMAT, **about._asdict()})]
    lines += [json.dumps({**one._asdict(), "hash": one.hash.hex()}) for one in heads]
    body = "".join(f"{line}\n" for line in lines).encode()
    signature = key.sign(SIGNED_PREFIX + sha256(body).digest()).hex()
    write_new(path, body + json.dumps({"signature": signature}).encode() + b"\n", 0o644)
    return path, len(lines) - 1


def read_checkpoint(path: Path, key_file: Path, schema: str) -> tuple[About, list[Head]]:
    """Read a checkpoint of a schema and verify its signature with a public key.

    Raises:
        CheckpointError: It cannot be read, was not signed with this key, or is of another schema.
    """
    key = load_public_key(key_file)
    body, _, last = _read(path).rstrip(b"\n").rpartition(b"\n")
    body += b"\n"
    try:
        signature = bytes.fromhex(json.loads(last)["signature"])
        key.verify(signature, SIGNED_PREFIX + sha256(body).digest())
    except InvalidSignature:
        raise CheckpointError(f"{path}: the signature is wrong: the file was changed, or it was "
                              "signed with another key") from None  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path}: not a checkpoint; its last line has no signature"
        ) from error
    about, heads = _parsed(path, body)
    if about.schema != schema:
        raise CheckpointError(f"{path}: of schema {about.schema!r}, should be {schema!r}")
    return about, heads


def read_checkpoints(
    paths: Sequence[Path], key_file: Path | None, schema: str
) -> dict[str, list[Head]]:
    """Read checkpoints; return their heads, each with words that name the checkpoint.

    Raises:
        CheckpointError: As `read_checkpoint`, or there is no key.
    """
    if paths and key_file is None:
        raise CheckpointError("--against needs --key, the public key of the checkpoints")
    found = {}
    for path in paths:
        assert key_file is not None, "checked above"
        about, heads = read_checkpoint(path, key_file, schema)
        found[f"checkpoint of {about.taken_at}, {path.name}"] = heads
    return found


def _parsed(path: Path, body: bytes) -> tuple[About, list[Head]]:
    first, *rest = (json.loads(line) for line in body.splitlines())
    if first.pop("format", "") != FORMAT:
        raise CheckpointError(f"{path}: not of format {FORMAT!r}")
    return About(**first), list(_heads(rest))


def _heads(lines: Iterable[dict[str, str]]) -> Iterator[Head]:
    for line in lines:
        yield Head(line["log"], line["key"], int(line["version"]), bytes.fromhex(line["hash"]))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror}") from error


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a file that must not be there yet, on the disk when this returns."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise CheckpointError(f"{path} is there already; it is never overwritten") from None
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror}") from error
