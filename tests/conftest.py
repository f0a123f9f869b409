"""Settings all tests share."""

from __future__ import annotations

import signal

from hypothesis import settings

# a shell that starts the tests in the background has them ignore interruptions, and with them all that they start
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# a shared machine may pause any example; a test that is too slow shows in the suite's time instead
settings.register_profile("khala", deadline=None)
settings.load_profile("khala")
