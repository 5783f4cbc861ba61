"""The data dictionary says which tags repeat, and nothing else."""

from xml.etree import ElementTree as ET

from fix.dictionary import PARTIES, Repeats, dictionary_text, everything_after


def test_groups_types_and_what_follows_a_group() -> None:
    groups = {"8": (PARTIES,), "X": (everything_after(279, 268, (PARTIES,)),)}
    root = ET.fromstring(dictionary_text(groups, ("zz",)))  # noqa: S314  our own text
    types = [message.get("msgtype") for message in root.iter("message")]
    assert len(types) == len(set(types))
    assert {"0", "A", "8", "BH", "zz"} <= set(types)
    assert {"BI", "n"}.isdisjoint(types)
    by_type = {message.get("msgtype"): message for message in root.iter("message")}
    assert [group.get("name") for group in by_type["8"].iter("group")] == ["Tag453", "Tag802"]
    entry = [field.get("name") for field in by_type["X"].find("group").findall("field")]
    assert entry[0] == "Tag279"
    assert {"Tag270", "Tag1023"} <= set(entry)
    assert {"Tag453", "Tag10", "Tag34"}.isdisjoint(entry)
    assert {field.get("required") for field in root.iter("field")} == {"N", None}


def test_a_group_begins_with_its_first_tag() -> None:
    root = ET.fromstring(dictionary_text({"V": (Repeats(146, (55, 48)),)}))  # noqa: S314
    assert [field.get("name") for field in root.find(".//group")] == ["Tag55", "Tag48"]
