"""Every name(tag) anybody wrote is a pair of the FIX standard, as QuickFIX's constants have it."""

import re

import pytest
import quickfix
import quickfix44

from fix import tags
from tests.support.sources import ROOT

PAIR = re.compile(r"\b([A-Z][A-Za-z]{2,})\(([0-9]{1,4}|[A-Za-z]{1,2})\)")
TEXTS = (
    "docs/*.md", "docs/adr/*.md", "proto/**/*.proto", "svc_*/**/*.py", "svc_*/*.md",
    "fix/*.py", "fix/*.md", "kernel/*.py",
    "sim_exchange/**/*.py", "sim_exchange/*.md", "web/src/**/*.ts", "web/src/**/*.svelte",
)  # fmt: skip
DIALECT = ROOT / "docs" / "FIX.md"


def fields() -> dict[str, str]:
    found = {}
    for name in dir(quickfix):
        kind = getattr(quickfix, name)
        if isinstance(kind, type) and issubclass(kind, quickfix.FieldBase):
            try:
                found[kind.__name__] = str(kind().getTag())
            except TypeError:
                continue  # a base class, which has no tag of its own
    return found


def messages() -> dict[str, str]:
    found = {}
    for name in dir(quickfix44):
        kind = getattr(quickfix44, name)
        if isinstance(kind, type) and issubclass(kind, quickfix.Message):
            message = kind()  # its header lives only as long as it does
            header = message.getHeader()
            if header.isSetField(35):
                found[kind.__name__] = header.getField(35)
    return found


FIELDS = fields()
MESSAGES = messages()


def test_the_standard_is_known() -> None:
    assert FIELDS["ClOrdID"] == "11"
    assert MESSAGES["NewOrderSingle"] == "D"
    assert len(FIELDS) > 900


@pytest.mark.parametrize(
    "path", sorted({path for text in TEXTS for path in ROOT.glob(text)}),
    ids=lambda path: str(path.relative_to(ROOT)),
)  # fmt: skip
def test_names_and_tags_belong_together(path) -> None:
    wrong = []
    for name, tag in PAIR.findall(path.read_text(encoding="utf-8")):
        right = {FIELDS.get(name), MESSAGES.get(name)} - {None}
        if right and tag not in right:
            wrong.append(f"{name}({tag}) is {name}({', '.join(sorted(right))})")
    assert wrong == []


def test_the_dialect_page_has_only_names_of_the_standard() -> None:
    pairs = set(PAIR.findall(DIALECT.read_text(encoding="utf-8")))
    assert len(pairs) > 60
    unknown = [f"{name}({tag})" for name, tag in sorted(pairs)
               if name not in FIELDS and name not in MESSAGES]  # fmt: skip
    assert unknown == []


def test_the_tags_of_the_code_carry_their_names() -> None:
    standard = {name.upper(): tag for name, tag in FIELDS.items()}
    constants = {name: value for name, value in vars(tags).items() if isinstance(value, str)
                 and name.isupper()}  # fmt: skip
    assert len(constants) > 80
    wrong = {
        name: value for name, value in constants.items()
        if standard.get(name.replace("_", "")) != value
    }  # fmt: skip
    assert wrong == {}


def test_the_dialect_page_names_every_tag_the_code_uses() -> None:
    page = DIALECT.read_text(encoding="utf-8")
    constants = {value for name, value in vars(tags).items() if isinstance(value, str)
                 and name.isupper()}  # fmt: skip
    documented = {tag for _, tag in PAIR.findall(page)}
    missing = sorted(constants - documented, key=int)
    names = {tag: name for name, tag in FIELDS.items()}
    assert [f"{names[tag]}({tag})" for tag in missing] == []
