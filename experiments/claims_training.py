"""How the claims on training are judged: sections 3.1, 4.1, 4.2, 4.4, 4.5 and 5.1."""

from experiments import claims_capacity, claims_data_sets, claims_gates, claims_starts, claims_trainability
from experiments.claims import Test

TESTS: dict[str, Test] = {
    **claims_data_sets.TESTS,
    **claims_trainability.TESTS,
    **claims_capacity.TESTS,
    **claims_starts.TESTS,
    **claims_gates.TESTS,
}
