"""`python -m callq.cli`: the same as `callq`."""

import sys

from callq.cli import main

sys.exit(main())
