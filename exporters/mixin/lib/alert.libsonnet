// What all alerts have in common. `wait` is a name in config's; `page` is where in the sources people read of it.
local text = import 'text.libsonnet';

function(config) {
  local world = config.worldSelector,

  // A series of the world, and one of the program.
  seen(metric, matchers=''):: metric + text.matchers([matchers, world]),
  own(metric, matchers=''):: metric + text.matchers([matchers, config.programSelector]),

  // Planned work keeps quiet about its selector, whichever job tells of it.
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

  // The page of a selector.
  statusPage:: 'Status page: %s/domains/{{ $labels.domain }}/selectors/{{ $labels.selector }}' % config.statusUrl,
}
