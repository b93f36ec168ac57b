"""Limits that several sides of the wire hold to; the protos promise them."""

LAST_DAY = 84_006
"""2200-01-01: days are counted from 1970-01-01."""
SECONDS_A_DAY = 86_400
MAX_CANDIDATES = 1_000
"""Candidates of a request to level 1 or level 2."""
MAX_PAGE = 100
"""Results of a page."""
MAX_POPULAR = 100_000
"""Products of a list of what sells: as large a catalogue can be told whole."""
MAX_PURCHASES = 20_000
"""Of a profile: products and the days on which they were bought."""
MAX_VIEWS = 20
"""Of a profile: products looked at."""
MAX_CART_PRODUCTS = 100
"""Of a profile: products in the cart."""
MAX_SCORE_PART = 1e6
"""Level 1's parts add up to 1 at most; a caller of its own scale is far from what overflows."""
