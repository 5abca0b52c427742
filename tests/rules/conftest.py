"""How properties are checked."""

from __future__ import annotations

from hypothesis import settings

# The same examples everywhere and always: a test that fails must fail for whoever looks at it. No
# deadline: how long an example takes says more about the machine.
settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")
