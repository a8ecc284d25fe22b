"""What the rendered dashboards ask Prometheus for."""

import json
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "exporters" / "mixin" / "dashboards"
# What Grafana puts in place of its own variables, at a scrape interval of a minute.
OWN = {"__rate_interval": "4m", "__interval": "1m", "__range": "24h"}


def read():
    """{name: dashboard}"""
    return {path.name: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def panels(dashboard):
    """All panels, those inside rows too; without the rows."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def filled(expression, variables):
    """The expression with the values of the variables; a variable without one stays."""
    values = {**OWN, **variables}
    return re.sub(r"\$(\w+)", lambda match: values.get(match.group(1), match.group(0)), expression)


def expressions(variables):
    """(dashboard, panel, expression) for each query of each panel."""
    for name, dashboard in read().items():
        for panel in panels(dashboard):
            for target in panel["targets"]:
                yield name, panel["title"], filled(target["expr"], variables)


def variable_queries(variables):
    """(dashboard, variable, series, label) for each variable that Prometheus fills."""
    for name, dashboard in read().items():
        for variable in dashboard["templating"]["list"]:
            if variable["type"] != "query":
                continue
            series, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
            yield name, variable["name"], filled(series, variables), label
