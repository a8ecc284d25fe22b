"""A network namespace of a test's own, in which nothing but loopback can be reached."""

import os
import sys

INSIDE = "DKIMPROBE_OWN_NAMESPACE"  # set in the namespace


def run_inside(what, play=None):
    """Returns if this process is in a namespace of its own. Else it ends here: by starting itself anew in one, by
    `play(arguments)`, or, without root, by saying that `what` was not run."""
    if os.geteuid() != 0:
        print("SKIPPED all %s: ONLY ROOT CAN CREATE A NETWORK NAMESPACE, so none was run" % what)
        print("0 passed, 0 failed")
        sys.exit(0)
    if INSIDE in os.environ:
        return
    os.environ[INSIDE] = "1"
    if play:
        sys.exit(play(sys.argv))
    os.execvp("unshare", ["unshare", "-n", "--", sys.executable, *sys.argv])
