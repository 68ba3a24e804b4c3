"""What the tests beside other libraries start from."""

from collections.abc import Iterator

import pytest
import stamina


@pytest.fixture(autouse=True)
def _untold() -> Iterator[None]:
    # It tells every library that is installed, unless it is asked not to.
    stamina.instrumentation.set_on_retry_hooks([])
    yield
    stamina.instrumentation.set_on_retry_hooks(None)
