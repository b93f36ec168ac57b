"""A token says what made an answer, and a stranger's token says nothing."""

import pytest

from restock.errors import InvalidRequest
from services.gateway.attribution import Attribution, attribution_of, new_id, token_of


def test_a_token_gives_back_what_made_the_answer() -> None:
    made = Attribution(new_id(), "2017-12-31-0a1b", 4, "abc123def456")
    token = token_of(made)
    assert attribution_of(token) == made
    assert token.replace("-", "").replace("_", "").isalnum()


def test_an_answer_without_a_model_has_a_token_too() -> None:
    made = Attribution(new_id(), "", 3, "")
    assert attribution_of(token_of(made)) == made


@pytest.mark.parametrize("token", ["", "AA", "????", "é", "AQ" * 4, token_of(
    Attribution("0" * 32, "v", 1, "t"))[:-3]])  # fmt: skip
def test_what_no_gateway_made_is_refused(token: str) -> None:
    with pytest.raises(InvalidRequest, match="attribution_token"):
        attribution_of(token)
