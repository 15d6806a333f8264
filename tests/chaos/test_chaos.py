"""Under every fault of the catalogue that is quick to inject, the system keeps its promises…"""

from __future__ import annotations

import pytest

from tests.chaos.case import Case, carry_out
from tests.chaos.catalogue import CASES
from tests.chaos.places import Place

QUICK = [case for case in CASES if case.quick]


@pytest.mark.parametrize("case", QUICK, ids=[f"{case.number}: {case.title}" for case in QUICK])
async def test_keeps_its_promises_under(case: Case, place: Place) -> None:
    result = await carry_out(case, place, full=False, seed=1)
    assert result.broken == []
