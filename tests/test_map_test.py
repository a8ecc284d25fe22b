#!/usr/bin/python3
"""Each source file has a test of its name, or the table in tests/README.md says which test holds it.

    test_map_test.py SOURCE_DIRECTORY"""

import fnmatch
import pathlib
import re
import sys

FOLDERS = ["config", "probe", "checks", "exporters", "cli"]
ROW = re.compile(r"^\| ((?:%s)/[^|]*) \| (tests/[^ |]+) \|$" % "|".join(FOLDERS), re.M)


def offences(sources, tests, table):
    """Sources and tests are paths without suffix; the table has pairs of patterns and a test."""
    untested = {source for source in sources if "tests/%s_test" % source not in tests}
    for source in sorted(untested):
        if not any(fnmatch.fnmatch(source, pattern) for patterns, _ in table for pattern in patterns):
            yield "%s has no test of its name, and is not in the table" % source
    for patterns, test in table:
        if test.rsplit(".", 1)[0] not in tests:
            yield "%s does not exist" % test
        for pattern in patterns:
            if not any(fnmatch.fnmatch(source, pattern) for source in untested):
                yield "%s is in the table for nothing" % pattern


def main():
    root = pathlib.Path(sys.argv[1])

    def below(folder, *suffixes):
        paths = (path for path in (root / folder).rglob("*") if path.suffix in suffixes)
        return {path.relative_to(root).with_suffix("").as_posix() for path in paths}

    sources = set().union(*(below(folder, ".cpp", ".hpp") for folder in FOLDERS))
    table = [(cells.split(", "), test) for cells, test in ROW.findall((root / "tests" / "README.md").read_text())]
    wrong = list(offences(sources, below("tests", ".cpp", ".py"), table))
    seen = {"a/b"}, {"tests/a/c_test"}
    if len(list(offences(*seen, []))) != 1 or len(list(offences(*seen, [(["a/*", "d"], "tests/e.py")]))) != 2:
        wrong.append("the rule does not find what it is for")
    print("\n".join(wrong) if wrong else "%d files have their test" % len(sources))
    return 1 if wrong else 0


sys.exit(main())
