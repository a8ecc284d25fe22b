// Overview of all domains: how many are ok, the findings, and the rotations that need action.
local parts = import 'parts.libsonnet';

function(config)
  local of = '{job=~"$job",domain=~"$domain"}';
  local loud = 'dkim_finding{job=~"$job",domain=~"$domain",severity=~"critical|warning"}';
  local not_in_maintenance = loud + ' unless on (domain, selector) dkim_maintenance_info';
  local count(status) = 'sum(dkim_selector_status%s == bool %d)' % [of, status];
  local statuses = [['ok', 0, 'green'], ['warning', 1, 'orange'], ['critical', 2, 'red'], ['unknown', 3, 'purple']];
  local toDomain = parts.link('this domain', '/d/dkim-domain?var-domain=${__data.fields.domain}&${datasource:queryparam}&${job:queryparam}');
  local domainColumn = parts.column('domain', { links: toDomain });
  local severityColumn = parts.column('severity', {
    'custom.cellOptions': parts.colored,
    mappings: parts.words([['critical', 'critical', 'red'], ['warning', 'warning', 'orange']]),
  });

  parts.dashboard(
    config,
    'dkim-fleet',
    'DKIM: all domains',
    'Findings of dkimprobe at all watched domains.',
    [
      parts.variable('job', 'job', 'label_values(dkim_selector_status, job)', true),
      parts.variable('domain', 'domain', 'label_values(dkim_selector_status{job=~"$job"}, domain)', true),
      parts.pageVariable(config.dashboardStatusUrl),
    ],
    [['Status page', '$status_page/']],
    [
      [4, [
        [3, parts.stat('Domains', 'Number of watched domains.', [
          parts.instant('count(count by (domain) (dkim_selector_status%s))' % of),
        ])],
      ] + [
        [3, parts.stat('Selectors: ' + status[0], 'Number of selectors with this status.', [
          parts.instant(count(status[1])),
        ], { thresholds: parts.thresholds([[null, 'text'], [1, status[2]]]) })]
        for status in statuses
      ] + [
        [3, parts.stat('Maintenance', 'Selectors in maintenance; their alerts are suppressed until it ends.', [
          parts.instant('count(dkim_maintenance_info%s)' % of),
        ], { noValue: '0', thresholds: parts.thresholds([[null, 'text'], [1, 'blue']]) })],
        [3, parts.stat('Not probed', 'Selectors that were not probed for more than %d of their intervals.' % config.blindIntervals, [
          parts.instant('sum(domain_selector:dkim_selector_probe_age:intervals%s > bool %d)' % [of, config.blindIntervals]),
        ], { thresholds: parts.alarmAbove(1) })],
        [3, parts.stat('Nameservers without an answer', 'Nameserver addresses that did not answer in the last probe, per selector.', [
          parts.instant('sum(dkim_nameserver_answer%s == bool 0)' % of),
        ], { thresholds: parts.alarmAbove(1) })],
      ]],
      [8, [
        [12, parts.graph('Selectors by status', '', [
          parts.range(count(status[1]), status[0])
          for status in statuses
        ], custom=parts.stacked)],
        [12, parts.graph('Findings by check', 'Warning and critical findings, except during maintenance.', [
          parts.range('count by (check) (%s)' % not_in_maintenance, '{{check}}'),
        ], custom=parts.stacked)],
      ]],
      [10, [
        [8, parts.table('Domains, worst first', 'Critical before unknown before warning.', [
          parts.rows('topk(200, max by (domain) ((dkim_selector_status%(of)s == 3) * 0.5 or dkim_selector_status%(of)s))' % { of: of }),
        ], [['domain', 'domain'], ['Value', 'status']], [
          domainColumn,
          parts.column('status', {
            'custom.cellOptions': parts.colored,
            mappings: parts.words([['0', 'ok', 'green'], ['1', 'warning', 'orange'], ['1.5', 'unknown', 'purple'], ['2', 'critical', 'red']]),
          }),
        ])],
        [16, parts.table('Findings', 'The name of a check links to its meaning and how to fix it.', [
          parts.rows('count by (severity, domain, selector, check) (%s)' % not_in_maintenance),
        ], [['severity', 'severity'], ['domain', 'domain'], ['selector', 'selector'], ['check', 'check']], [
          severityColumn,
          domainColumn,
          parts.column('check', { links: parts.link('what it means', '${status_page}/checks#${__value.raw}') }),
        ])],
      ]],
      [8, [
        [12, parts.table('Rotations', 'State of the key rotation of each domain.', [
          parts.rows('dkim_rotation_status%s' % of),
          parts.rows('1000 * max by (domain) (dkim_rotation_due_timestamp_seconds%s)' % of),
          parts.rows('min by (domain) (dkim_rotation_next_key_ready%s)' % of),
        ], [], [
          domainColumn,
          parts.column('rotation', { 'custom.cellOptions': parts.colored, mappings: parts.status }),
          parts.column('key due', parts.time),
          parts.column('next key everywhere', { mappings: parts.yesNo('green', 'orange') }),
        ], transformations=parts.columns([
          ['domain', 'domain'],
          ['Value #A', 'rotation'],
          ['Value #B', 'key due'],
          ['Value #C', 'next key everywhere'],
        ], merged=true))],
        [12, parts.table('Maintenance', 'Alerts about these selectors are suppressed.', [
          parts.rows('dkim_maintenance_info%s' % of),
          parts.rows('1000 * max by (domain, selector) (dkim_maintenance_end_timestamp_seconds%s)' % of),
        ], [], [
          domainColumn,
          parts.column('until', parts.time),
        ], transformations=parts.columns([
          ['domain', 'domain'],
          ['selector', 'selector'],
          ['reason', 'reason'],
          ['Value #B', 'until'],
        ], merged=true))],
      ]],
      [8, [
        [12, parts.bars('Keys by size', 'Number of selectors by key size.', [
          parts.instant('count_values("bits", dkim_key_size%s)' % of, '{{bits}} bits'),
        ])],
        [12, parts.table('Alerts', 'Alerts that are firing in Prometheus.', [
          parts.rows('count by (alertname, severity, domain, selector) (ALERTS{alertname=~"Dkim.*",alertstate="firing"})'),
        ], [['severity', 'severity'], ['alertname', 'alert'], ['domain', 'domain'], ['selector', 'selector']], [
          severityColumn,
          domainColumn,
        ])],
      ]],
    ],
  )
