"""Three families unlike one another give the bytes of diffusers; the documents say exactly what is compared."""

import pytest

from tests.conftest import ROOT
from tests.store.compared import CASES, Way, differing, page

pytestmark = [  # diffusers hands tensors to numpy in the old way
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept context:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning"),
]


@pytest.mark.parametrize(("way", "solver"), CASES, ids=[f"{w.make.__name__}-{w.mode}-{s}" for w, s in CASES])
def test_every_byte_is_that_of_diffusers(way: Way, solver: str) -> None:
    assert differing(way, solver) == ()


def test_the_page_says_what_is_compared(tmp_path_factory: pytest.TempPathFactory) -> None:
    written = tmp_path_factory.getbasetemp() / "compared.md"
    written.write_text(page(), encoding="utf-8")
    committed = (ROOT / "docs" / "compared.md").read_text(encoding="utf-8")
    assert committed == written.read_text(encoding="utf-8"), f"copy {written} to docs/compared.md"
