"""The seeded defects still fit the sources, and the tests they name are there."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.defect import AnchorGone, Change, Defect
from tests.mutants.scratch import ROOT
from tests.mutants.seeded import DEFECTS


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: str(defect.number))
def test_each_defect_can_be_put_in(defect: Defect) -> None:
    for path, text in defect.files(ROOT).items():
        compile(text, path, "exec")
        assert text != path.read_text(encoding="utf-8")


def test_they_are_numbered_without_a_gap() -> None:
    assert [defect.number for defect in DEFECTS] == list(range(1, len(DEFECTS) + 1))


@pytest.mark.parametrize("test", sorted({each.test for each in DEFECTS}))
def test_each_test_that_a_defect_names_is_there(test: str) -> None:
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    assert name.partition("[")[0] in {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef)
    }


@pytest.mark.parametrize(("old", "where"), [("no such words", "nowhere"), ("def ", "times")])
def test_an_anchor_that_has_gone_or_is_there_twice_is_told(old: str, where: str) -> None:
    with pytest.raises(AnchorGone, match=where):
        Change("clock.py", old, "").made_in("def one(): ...\ndef two(): ...")
