// The common parts of all alerts. `wait` is a name in config.wait; `servers`, `findings` and `page` are added to the
// texts; `runbook` is a URL or null; `place` has the labels that identify the alert among those of its name.
local text = import 'text.libsonnet';

function(config) {
  local world = config.worldSelector,
  // A template that queries the series with the labels of the alert. A label that the alert lacks matches its absence.
  local query(metric, matchers, labels) =
    'printf `' + metric + text.matchers(matchers + [label + '=%q' for label in labels]) + '` ' +
    std.join(' ', ['$labels.' + label for label in labels]) + ' | query',
  local selectorPlace = ['job', 'instance', 'domain', 'selector'],

  // A series about domains, and one about the program.
  seen(metric, matchers=''):: metric + text.matchers([matchers, world]),
  own(metric, matchers=''):: metric + text.matchers([matchers, config.programSelector]),

  // The servers of a finding. They are no labels of the alert: it stays the same alert while they change.
  servers::
    '{{ with ' + query('dkim_finding_servers_info', [], selectorPlace + ['check', 'severity']) + ' }}' +
    ' ({{ . | first | label "servers" }}){{ end }}',

  // Up to three findings at the selector, with their servers.
  findings::
    '{{ with ' + query('dkim_finding_servers_info', [], selectorPlace) + ' }} Findings: ' +
    '{{ range $at, $each := sortByLabel "check" . }}{{ if lt $at 3 }}{{ if $at }}; {{ end }}' +
    '{{ label "check" $each }} at {{ label "servers" $each }}{{ end }}{{ end }}.{{ end }}',

  // Prometheus stores when an alert became active, before its wait.
  local since(name, labels) =
    '{{ with ' + query('ALERTS_FOR_STATE', ['alertname="%s"' % name], labels) + ' }}' +
    ' Since {{ (. | first | value | toTime).Format "2006-01-02 15:04 MST" }}.{{ end }}',

  alert(
    name,
    expr,
    wait,
    severity,
    summary,
    description,
    servers='',
    findings='',
    page='',
    runbook=self.alertGuide(name),
    place=selectorPlace,
    labels={}
  ):: {
    alert: name,
    expr: expr,
    'for': config.wait[wait],
    labels: labels + config.alertLabels + { severity: severity },
    annotations: {
      summary: summary + servers,
      description: description + findings + since(name, place) + page,
      [if runbook != null then 'runbook_url']: runbook,
    },
    // What holds for each alert of the rule, for alerts.md.
    summary:: summary,
    description:: description,
  },

  findingPlace:: selectorPlace + ['check'],
  faultPlace:: selectorPlace + ['fault'],
  stepPlace:: selectorPlace + ['step'],
  filePlace:: selectorPlace + ['file'],

  checkGuide(check):: if config.guideUrl == null then null else config.guideUrl + '#' + check,
  alertGuide(name):: if config.alertsUrl == null then null else config.alertsUrl + '#' + std.asciiLower(name),
  rotationGuide:: if config.withDaemon then config.statusUrl + '/domains/{{ $labels.domain }}#rotation' else null,

  // A link to the page of the selector.
  statusPage::
    if config.withDaemon
    then ' Status page: %s/domains/{{ $labels.domain }}/selectors/{{ $labels.selector }}' % config.statusUrl
    else '',
}
