"""One module a section of the thesis; run any as `python -m experiments.<name> --config=configs/<data>.py`."""

import signal
import sys

# As long as modules are imported Ctrl-C ends a program at once; command_line.clear_errors tells of it later.
if sys.argv[0] == "-m" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
