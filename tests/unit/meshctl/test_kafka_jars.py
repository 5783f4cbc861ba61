"""The jars of the broker come from where the user says, whole and as pinned, or not at all."""

import errno
import hashlib
import json

import pytest

from meshctl.stack.processes.process import StartError
from meshctl.stack.servers.kafka import jars
from meshctl.stack.servers.kafka.jars import MAVEN_CENTRAL, fetch_jars, repository

CONTENTS = {"org/a/a-1.jar": b"first", "org/b/b-2.jar": b"second"}


@pytest.fixture
def maven(tmp_path, monkeypatch):
    """A repository of two jars in a folder, and a list that names them."""
    folder = tmp_path / "maven"
    listed = []
    for path, content in CONTENTS.items():
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        listed.append({"maven_path": path, "sha256": digest, "bytes": len(content)})
    (tmp_path / "jars.json").write_text(json.dumps({"jars": listed}))
    monkeypatch.setattr(jars, "LIST", tmp_path / "jars.json")
    return folder


def test_the_pinned_list_is_whole():
    listed = jars.jars()
    assert len(listed) == 45
    assert sum(jar.bytes for jar in listed) > 40_000_000
    assert all(len(jar.sha256) == 64 for jar in listed)
    assert len({jar.file for jar in listed}) == 45


def test_what_is_missing_or_not_as_pinned_is_fetched(maven, tmp_path):
    folder, heard = tmp_path / "cache" / "kafka", []
    paths = fetch_jars(folder, maven.as_uri(), lambda here, total: heard.append((here, total)))
    assert [path.read_bytes() for path in paths] == list(CONTENTS.values())
    assert heard[-1] == (11, 11)
    paths[0].write_bytes(b"FIRST")
    heard.clear()
    fetch_jars(folder, maven.as_uri(), lambda here, total: heard.append((here, total)))
    assert paths[0].read_bytes() == b"first"
    assert heard == [(11, 11)]
    assert sorted(path.name for path in folder.iterdir()) == ["a-1.jar", "b-2.jar"]


@pytest.mark.parametrize("content", [b"FIRST", b"first and more", b""])
def test_a_jar_with_another_hash_is_refused_and_not_kept(maven, tmp_path, content):
    (maven / "org/a/a-1.jar").write_bytes(content)
    with pytest.raises(StartError, match=r"a-1\.jar has SHA-256 .*, should be "):
        fetch_jars(tmp_path / "cache", maven.as_uri(), lambda *_: None)
    assert not (tmp_path / "cache" / "a-1.jar").exists()


def test_a_repository_that_cannot_be_reached_is_named(maven, tmp_path):
    (maven / "org/a/a-1.jar").unlink()
    with pytest.raises(StartError, match=r"cannot fetch .*a-1\.jar: .*ORDERMESH_MAVEN_URL"):
        fetch_jars(tmp_path / "cache", maven.as_uri(), lambda *_: None)
    with pytest.raises(StartError, match=r"cannot fetch http://127\.0\.0\.1:1/org/"):
        fetch_jars(tmp_path / "cache", "http://127.0.0.1:1", lambda *_: None)


def test_a_disk_that_is_full_is_named(maven, tmp_path, monkeypatch):
    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(jars, "_download", full)
    with pytest.raises(StartError, match="no space left for the broker in"):
        fetch_jars(tmp_path / "cache", maven.as_uri(), lambda *_: None)


MIRRORS = """<settings xmlns="http://maven.apache.org/SETTINGS/1.2.0"><mirrors>
<mirror><mirrorOf>snapshots</mirrorOf><url>https://else.example</url></mirror>
<mirror><mirrorOf>{}</mirrorOf><url> https://mirror.example/maven/ </url></mirror>
</mirrors></settings>"""


@pytest.mark.parametrize(
    ("of", "found"),
    [
        ("central", "https://mirror.example/maven"),
        ("*", "https://mirror.example/maven"),
        ("external:*", "https://mirror.example/maven"),
        ("*,!central", MAVEN_CENTRAL),
        ("releases", MAVEN_CENTRAL),
    ],
)
def test_the_users_mirror_is_used(tmp_path, of, found):
    file = tmp_path / "settings.xml"
    file.write_text(MIRRORS.format(of))
    assert repository("", (file,)) == found
    assert repository("https://chosen.example/", (file,)) == "https://chosen.example"
    assert repository("", (tmp_path / "none.xml",)) == MAVEN_CENTRAL


def test_settings_that_are_no_xml_are_named(tmp_path):
    file = tmp_path / "settings.xml"
    file.write_text("<settings>")
    with pytest.raises(StartError, match=r"settings\.xml is not a settings file of Maven"):
        repository("", (file,))
