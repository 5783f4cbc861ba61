"""Keys in files, tokens, and what the mesh's own verifier thinks of forged ones."""

import json
import os

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from joserfc.jwk import KeySet

from kernel.clock import SystemClock
from mesh.auth.tokens import AcceptedTokens, TokenVerifier
from mesh.errors import MeshError
from svc_identity.adapters.signing import (
    Es256Signer,
    SigningKeyError,
    TokenRules,
    load_keys,
    write_new_key,
)
from tests.support.forgeries import FORGERIES, RULES, Forger, make_token

CLOCK = SystemClock()
ACCEPTED = AcceptedTokens("ordermesh", "ordermesh", 600)


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "key.pem"
    write_new_key(path)
    return path


def verifier(*signers):
    keys = [key for signer in signers for key in json.loads(signer.jwks_json())["keys"]]
    return TokenVerifier(KeySet.import_key_set({"keys": keys}), ACCEPTED, CLOCK)


async def test_the_mesh_takes_what_identity_signs(key_file):
    signer = Es256Signer(load_keys(key_file), RULES)
    principal = await verifier(signer).verify(make_token(signer))
    assert principal.roles == {"TRADER"}
    assert principal.accounts == {"ACC-ALICE"}
    assert (principal.subject, principal.name) == ("01J", "Alice")


@pytest.mark.parametrize("forge", FORGERIES)
async def test_the_mesh_refuses_forged_tokens(key_file, forge):
    signer = Es256Signer(load_keys(key_file), RULES)
    with pytest.raises(MeshError) as caught:
        await verifier(signer).verify(forge(Forger(key_file)))
    assert caught.value.reason in {"UNAUTHENTICATED", "TOKEN_EXPIRED"}


def test_the_public_document_has_no_private_part(key_file):
    (key,) = json.loads(Es256Signer(load_keys(key_file), RULES).jwks_json())["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}


def test_the_key_id_is_the_thumbprint(key_file):
    (key,) = load_keys(key_file)
    assert key.kid == key.thumbprint()


async def test_rotation_the_first_signs_and_all_are_published(tmp_path):
    write_new_key(tmp_path / "1.pem")
    old = Es256Signer(load_keys(tmp_path), RULES)
    write_new_key(tmp_path / "2.pem")
    published = Es256Signer(load_keys(tmp_path), RULES)
    assert len(json.loads(published.jwks_json())["keys"]) == 2
    (tmp_path / "1.pem").rename(tmp_path / "3.pem")
    new = Es256Signer(load_keys(tmp_path), RULES)
    for signer in (old, published, new):
        assert await verifier(published).verify(make_token(signer))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o610])
def test_a_key_others_can_read_is_refused(key_file, mode):
    key_file.chmod(mode)
    with pytest.raises(SigningKeyError, match="chmod 600"):
        load_keys(key_file)


@pytest.mark.parametrize("mode", [0o400, 0o600])
def test_a_key_only_its_owner_can_read_is_taken(key_file, mode):
    key_file.chmod(mode)
    assert load_keys(key_file)


def test_a_secret_of_kubernetes_is_taken(key_file, monkeypatch):
    """Mounted as root's file that the pod's group may read; the process is not root."""
    key_file.chmod(0o440)
    monkeypatch.setattr(os, "geteuid", lambda: 10_001)
    assert load_keys(key_file)
    key_file.chmod(0o444)
    with pytest.raises(SigningKeyError):
        load_keys(key_file)


def test_a_new_key_never_overwrites(key_file):
    before = key_file.read_bytes()
    with pytest.raises(SigningKeyError, match="there already"):
        write_new_key(key_file)
    assert key_file.read_bytes() == before


def other_key(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"rubbish", "not an unencrypted PEM"),
        (other_key(ec.generate_private_key(ec.SECP384R1())), "P-256"),
        (other_key(ed25519.Ed25519PrivateKey.generate()), "P-256"),
    ],
)
def test_other_keys_are_refused(tmp_path, content, says):
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SigningKeyError, match=says):
        load_keys(path)


def test_missing_keys_say_how_to_make_one(tmp_path):
    with pytest.raises(SigningKeyError, match="new-signing-key"):
        load_keys(tmp_path / "none.pem")
    with pytest.raises(SigningKeyError, match=r"no \*.pem"):
        load_keys(tmp_path)


def test_a_signer_needs_a_key():
    with pytest.raises(SigningKeyError):
        Es256Signer([], TokenRules("a", "b", 1))
