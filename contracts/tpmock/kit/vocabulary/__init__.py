"""The steps and checks that case files use, and the plain data they work on.

It may import ``tpmock.kit.subjects`` and ``tpmock.kit.cases``.
Nothing that decides which cases run, or prints, belongs here.
"""

# Each registers its steps or checks.
from tpmock.kit.vocabulary import (  # noqa: F401 - see above
    api_checks,
    api_steps,
    call_checks,
    event_checks,
    event_steps,
    guideline_checks,
    history_checks,
)
