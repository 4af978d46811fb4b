"""How the claims on what is inside trained networks, and on random ones, are judged: C11 to C18, C26 to C32."""

from experiments import claims_landscape, claims_searched, claims_states, claims_words
from experiments.claims import Test

TESTS: dict[str, Test] = claims_words.TESTS | claims_states.TESTS | claims_landscape.TESTS | claims_searched.TESTS
