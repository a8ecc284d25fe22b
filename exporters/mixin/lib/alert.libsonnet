// The common parts of all alerts. `wait` is a name in config.wait; `page` is the documentation page in the sources.
local text = import 'text.libsonnet';

function(config) {
  local world = config.worldSelector,

  // A series about domains, and one about the program.
  seen(metric, matchers=''):: metric + text.matchers([matchers, world]),
  own(metric, matchers=''):: metric + text.matchers([matchers, config.programSelector]),

  // Maintenance of a selector suppresses the alert, whichever job reports the maintenance.
  unlessSilenced(expr):: '%s unless on (domain, selector) dkim_maintenance_info' % expr,

  alert(name, expr, wait, severity, summary, description, page=null, labels={}):: {
    alert: name,
    expr: expr,
    'for': config.wait[wait],
    labels: labels + config.alertLabels + { severity: severity },
    annotations: {
      summary: summary,
      description: description,
      runbook_url: '%s/%s' % [
        config.sourceUrl,
        if page != null then page else 'exporters/mixin/alerts.md#' + std.asciiLower(name),
      ],
    },
  },

  // A link to the page of the selector.
  statusPage:: 'Status page: %s/domains/{{ $labels.domain }}/selectors/{{ $labels.selector }}' % config.statusUrl,
}
