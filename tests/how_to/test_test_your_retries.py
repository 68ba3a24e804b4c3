"""The tests of the guide, run by pytest as its reader would."""

import re
from pathlib import Path

import pytest

from retold import Policy
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing

DOCUMENT = Path(__file__).parents[2] / "docs" / "how-to" / "test-your-retries.md"


def test_they_pass(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    files = re.findall(r"```python\n# (\S+)\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    for name, text in files:
        (pytester.path / name).write_text(text, encoding="utf-8")

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:asyncio", timeout=120)

    assert result.parseoutcomes() == {"passed": sum(text.count("def test_") for _, text in files)}


def test_the_message_is_the_one_it_shows(seen: MemoryExporter, clock: ManualClock) -> None:
    [shown] = re.findall(r"```\n(expected .*?)\n```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    policy = Policy(on=OSError, attempts=4, backoff=[1, 5, 30], operation="shop.fetch", clock=clock)

    policy.run(Failing(ConnectionError))

    with pytest.raises(AssertionError) as raised:
        seen.assert_calls("shop.fetch", "attempts_exhausted", attempts=3)
    assert str(raised.value) == shown
