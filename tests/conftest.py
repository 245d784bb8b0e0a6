"""What holds for every test."""

import signal

from hypothesis import HealthCheck, settings

# A busy machine is no failure: nothing is said of how long an example takes.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")

# A run in the background inherits an ignored Ctrl-C, and so would the programs under test.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
