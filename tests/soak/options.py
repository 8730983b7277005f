"""The options of the command line, read once."""
import argparse
import os
import time

MIB = 1 << 20


def read():
    parser = argparse.ArgumentParser(description="Mixed load with crashes, then a check of every promise.")
    add = parser.add_argument
    add("--exe", default=os.environ.get("ONEGLANCE_BIN", "dist/oneglance"),
        help="the program, split at blanks; not through npx, which outlives a kill (default %(default)s)")
    add("--dir", default="/tmp/oneglance_soak", help="emptied and used for everything")
    add("--port", type=int, default=9500, help="the servers take it and those behind it, the web source port+20")
    add("--servers", type=int, default=1, help="processes on one database and one set of stores")
    add("--clients", type=int, default=16)
    add("--minutes", type=float, default=10, help="of load with kills")
    add("--calm", type=float, default=2, help="minutes of load without kills, for memory and open files")
    add("--kill", default="20:40", help="seconds between kills, from:to; 0 for none")
    add("--signal", default="KILL", choices=["KILL", "TERM", "MIX"])
    add("--min-mib", type=float, default=1, help="smallest body")
    add("--max-mib", type=int, default=64, help="largest body")
    add("--live", type=int, default=150, help="images that are kept at most")
    add("--seed", type=int, default=int(time.time()), help="repeats the plan, not the timing")
    add("--settle", type=float, default=150, help="seconds for recovery: the time of a lease and one round")
    add("--set", action="append", default=[], help="GROUP.OPTION=VALUE of the configuration, may be repeated")
    options = parser.parse_args()
    options.dir = os.path.abspath(options.dir)
    options.web_port = options.port + 20
    low, _, high = options.kill.partition(":")
    options.kill_from, options.kill_to = float(low), float(high or low)
    return options


OPTIONS = read()
