"""What holds for all tests."""

from hypothesis import settings

# A busy machine is no failure: pytest's own timeout catches what hangs.
settings.register_profile("restock", deadline=None)
settings.load_profile("restock")
