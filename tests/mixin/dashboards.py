"""The queries of the rendered dashboards."""

import json
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "exporters" / "mixin" / "dashboards"
# The values of Grafana's built-in variables for a scrape interval of one minute.
OWN = {"__rate_interval": "4m", "__interval": "1m", "__range": "24h"}


def read():
    """{name: dashboard}"""
    return {path.name: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def panels(dashboard):
    """All panels, including those inside rows, without the rows."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def filled(expression, variables):
    """The expression with variables replaced by their values; a variable without a value stays."""
    values = {**OWN, **variables}
    return re.sub(r"\$(\w+)", lambda match: values.get(match.group(1), match.group(0)), expression)


def expressions(variables):
    """(dashboard, panel, expression) for each query of each panel."""
    for name, dashboard in read().items():
        for panel in panels(dashboard):
            for target in panel["targets"]:
                yield name, panel["title"], filled(target["expr"], variables)


def variable_queries(variables):
    """(dashboard, variable, series, label) for each variable with values from Prometheus."""
    for name, dashboard in read().items():
        for variable in dashboard["templating"]["list"]:
            if variable["type"] != "query":
                continue
            series, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
            yield name, variable["name"], filled(series, variables), label
