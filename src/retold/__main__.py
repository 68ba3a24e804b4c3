"""`python -m retold` is the command `retold`."""

import sys

from retold.cli import main

sys.exit(main())
