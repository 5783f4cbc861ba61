"""The contracts can be generated in every language: package options, and names that collide."""

import re

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from tests.support.sources import ROOT
from tools.languages import STORED, languages

FILES = [
    one
    for one in FileDescriptorSet.FromString((ROOT / "gen/descriptors.binpb").read_bytes()).file
    if one.name.startswith("ordermesh/")
]
GO = "github.com/ordermesh/ordermesh/clients/go"
# Classes of java.lang that every Java file sees: a top-level class of one of these names in the
# same package hides them.
JAVA_LANG = {
    "Boolean", "Byte", "Character", "Class", "Comparable", "Deprecated", "Double", "Enum", "Error",
    "Exception", "Float", "Integer", "Iterable", "Long", "Math", "Module", "Number", "Object",
    "Override", "Package", "Process", "Record", "Runnable", "Short", "String", "StringBuilder",
    "System", "Thread", "Throwable", "Void",
}  # fmt: skip
# Generated code writes java.lang.Override in full; so must a program that imports ours.
HIDES = {"Override"}
# Words of Rust or Go. Both generators make names of fields that are words: r#type, Type. A new one
# is generated in every language before it is added here.
FIELDS_THAT_ARE_WORDS = {"type", "range"}
WORDS = """
as break const continue crate dyn else enum extern false fn for if impl in let loop match mod move
mut pub ref return self static struct super trait true type unsafe use where while async await chan
defer fallthrough func go goto interface map package range select switch var
"""


@pytest.mark.parametrize("file", FILES, ids=[one.name for one in FILES])
def test_a_file_names_the_packages_of_each_language(file):
    parts = file.package.split(".")
    stem = file.name.rpartition("/")[2].removesuffix(".proto")
    options = file.options
    assert options.go_package == f"{GO}/gen/{'/'.join(parts)};{''.join(parts[1:])}"
    assert options.java_package == f"com.{file.package}"
    assert options.java_multiple_files
    assert options.csharp_namespace == ".".join(part.capitalize() for part in parts)
    # An outer class called like the file would be called Error, or like a message.
    outer = "".join(word.capitalize() for word in stem.split("_")) + "Proto"
    assert options.java_outer_classname == outer


def top_level(file):
    return [
        *(one.name for one in file.message_type),
        *(one.name for one in file.enum_type),
        *(one.name for one in file.service),
        file.options.java_outer_classname,
    ]


def test_no_two_classes_of_a_package_have_one_name():
    packages: dict[str, list[str]] = {}
    for file in FILES:
        packages.setdefault(file.package, []).extend(top_level(file))
    for package, names in packages.items():
        # The file systems of macOS and Windows know no case.
        lower = [name.lower() for name in names]
        assert sorted(lower) == sorted(set(lower)), package


def test_no_class_hides_one_of_java_lang():
    hidden = {name for file in FILES for name in top_level(file)} & JAVA_LANG
    assert hidden == HIDES


def messages(types):
    for one in types:
        yield one
        yield from messages(one.nested_type)


def test_fields_called_like_a_word_of_a_language_are_known():
    named = {
        field.name
        for file in FILES
        for message in messages(file.message_type)
        for field in message.field
    }
    assert named & set(WORDS.split()) == FIELDS_THAT_ARE_WORDS


def test_no_two_fields_of_a_message_differ_by_underscores_only():
    """`a_b` and `ab` are one name in camel case: JSON, Java, Go."""
    for file in FILES:
        for message in messages(file.message_type):
            names = [field.name.replace("_", "").lower() for field in message.field]
            assert len(names) == len(set(names)), f"{file.name}: {message.name}"


def test_values_of_an_enum_stay_names_without_their_prefix():
    """prost and Swift take the prefix off; what is left must not begin with a digit."""
    for file in FILES:
        enums = [*file.enum_type]
        for message in messages(file.message_type):
            enums += message.enum_type
        for enum in enums:
            prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", enum.name).upper() + "_"
            left = [value.name.removeprefix(prefix) for value in enum.value]
            assert [name for name in left if not name[:1].isalpha()] == [], enum.name
            assert len(left) == len(set(left)), enum.name


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", languages(), ids=lambda one: one.name)
def test_the_contracts_generate_in(language, tmp_path_factory):
    if language.missing:
        pytest.skip(f"{language.name} is left out: {language.missing}")
    out = language.generate(tmp_path_factory.mktemp("languages"))
    written = [path.as_posix() for path in out.rglob("*") if path.is_file()]
    assert len(written) >= len([file for file in FILES if file.package != STORED])
