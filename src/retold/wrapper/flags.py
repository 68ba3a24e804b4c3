"""What a code object says of its function, in the bits of `co_flags`.

They are `inspect`'s, which takes longer to import than all of this package.
"""

from __future__ import annotations

from typing import Final

VARARGS: Final = 0x04
VARKEYWORDS: Final = 0x08
GENERATOR: Final = 0x20
COROUTINE: Final = 0x80
ITERABLE_COROUTINE: Final = 0x100
ASYNC_GENERATOR: Final = 0x200
