"""Certificate files that are replaced, one after another, while a process runs."""

import shutil
from dataclasses import astuple

import pytest

from mesh.certificates.replaced import ReplacedFiles
from tests.support.certificates import tls_of


@pytest.fixture
def tls(tls_folder, tmp_path):
    folder = tmp_path / "tls"
    shutil.copytree(tls_folder, folder)
    return tls_of(folder, "svc-oms")


@pytest.fixture
def other(stranger_tls_folder):
    return tls_of(stranger_tls_folder, "svc-oms")


def test_files_that_stay_are_not_returned_again(tls):
    files = ReplacedFiles(*astuple(tls))
    assert files.read().cert == tls.tls_cert.read_bytes()
    assert files.replaced() is None


def test_a_written_file_with_the_same_content_is_no_change(tls):
    files = ReplacedFiles(*astuple(tls))
    files.read()
    shutil.copy(tls.tls_cert, tls.tls_cert.with_suffix(".new"))
    tls.tls_cert.with_suffix(".new").replace(tls.tls_cert)
    assert files.replaced() is None


def test_a_certificate_without_its_key_is_kept_out_until_the_key_is_there(tls, other, capfd):
    files = ReplacedFiles(*astuple(tls))
    files.read()
    tls.tls_cert.write_bytes(other.tls_cert.read_bytes())
    assert files.replaced() is None
    assert files.replaced() is None
    written = "".join(capfd.readouterr())
    assert written.count("cannot be used yet") == 1
    assert f"{tls.tls_key} is not the key of {tls.tls_cert}" in written
    assert "PRIVATE KEY" not in written
    tls.tls_key.write_bytes(other.tls_key.read_bytes())
    found = files.replaced()
    assert found is not None
    assert (found.cert, found.key) == (other.tls_cert.read_bytes(), other.tls_key.read_bytes())


@pytest.mark.parametrize("field", ["tls_cert", "tls_key", "tls_ca"])
@pytest.mark.parametrize("damage", ["gone", "empty", "text"])
def test_a_file_that_cannot_be_used_changes_nothing(tls, field, damage):
    files = ReplacedFiles(*astuple(tls))
    files.read()
    path = getattr(tls, field)
    good = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(b"" if damage == "empty" else b"no certificate")
    assert files.replaced() is None
    path.write_bytes(good)
    assert files.replaced() is None


@pytest.mark.parametrize("field", ["tls_cert", "tls_key", "tls_ca"])
def test_a_process_does_not_start_with_a_file_that_it_cannot_use(tls, field):
    getattr(tls, field).write_bytes(b"no certificate")
    with pytest.raises(ValueError, match="PEM"):
        ReplacedFiles(*astuple(tls)).read()
