"""How hard the property tests try: `ci` by default, `--hypothesis-profile=long` for an hour off."""

from hypothesis import HealthCheck, settings

_COMMON = {
    "deadline": None,  # two cores shared with everything else: time says nothing
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much],
}

settings.register_profile("ci", max_examples=60, stateful_step_count=40, **_COMMON)
settings.register_profile("long", max_examples=2000, stateful_step_count=50, **_COMMON)


def pytest_configure(config):
    if not config.getoption("--hypothesis-profile"):
        settings.load_profile("ci")
