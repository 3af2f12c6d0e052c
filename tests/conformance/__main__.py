"""Does what listens on a socket speak the protocol of man/osagent-protocol.7?

    python3 tests/conformance SOCKET      looks, and changes nothing
    ... --long                            also waits for the minute after which a silent connection is closed
    ... --login AUTH_URL USER PROJECT     also adds a profile of that login, uses it, locks, revokes, removes it and stops
                                          the agent, so take a spare one; the password is read from standard input

One line for each check, and exit status 1 if one of them failed. It is written from the page alone: nothing of osagent's
source is used, so that an agent or a page that strays from the other is seen.
"""

import argparse
import sys

sys.dont_write_bytecode = True

import frames  # noqa: E402, F401
import operations  # noqa: E402, F401
import login  # noqa: E402, F401
from peer import CHECKS, Wrong  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("socket")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--login", nargs=3, metavar=("AUTH_URL", "USER", "PROJECT"))
    parser.add_argument("--only", default="", metavar="TEXT", help="the checks whose words hold this")
    given = parser.parse_args()
    given.password = sys.stdin.readline().rstrip("\n") if given.login else None
    failed = 0
    for claim, function, when in CHECKS:
        if given.only not in claim:
            continue
        if not all(getattr(given, option) for option in when):
            print(f"left out: {claim} (--{', --'.join(when)})", flush=True)
            continue
        try:
            function(given.socket, given)
            print(f"ok: {claim}", flush=True)
        except (Wrong, OSError, KeyError, TypeError, AttributeError) as why:
            failed += 1
            print(f"FAILED: {claim}: {why or type(why).__name__}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
