// All domains at a glance: how many are well, what is found where, which rotations wait for somebody.
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
    'What dkimprobe finds at all the domains that it watches.',
    [
      parts.variable('job', 'job', 'label_values(dkim_selector_status, job)', true),
      parts.variable('domain', 'domain', 'label_values(dkim_selector_status{job=~"$job"}, domain)', true),
      parts.pageVariable(config.dashboardStatusUrl),
    ],
    [['Status page', '$status_page/']],
    [
      [4, [
        [3, parts.stat('Domains', 'Domains that are watched.', [
          parts.instant('count(count by (domain) (dkim_selector_status%s))' % of),
        ])],
      ] + [
        [3, parts.stat('Selectors: ' + status[0], 'Selectors whose worst finding makes them so.', [
          parts.instant(count(status[1])),
        ], { thresholds: parts.thresholds([[null, 'text'], [1, status[2]]]) })]
        for status in statuses
      ] + [
        [3, parts.stat('Planned work', 'Selectors whose alerts are in_maintenance until a time.', [
          parts.instant('count(dkim_maintenance_info%s)' % of),
        ], { noValue: '0', thresholds: parts.thresholds([[null, 'text'], [1, 'blue']]) })],
        [3, parts.stat('Not looked at', 'Selectors at which nobody has looked for %d of their intervals.' % config.blindIntervals, [
          parts.instant('sum(domain_selector:dkim_selector_probe_age:intervals%s > bool %d)' % [of, config.blindIntervals]),
        ], { thresholds: parts.alarmAbove(1) })],
        [3, parts.stat('Nameservers without an answer', 'Addresses that gave no answer to the last question.', [
          parts.instant('sum(dkim_nameserver_answer%s == bool 0)' % of),
        ], { thresholds: parts.alarmAbove(1) })],
      ]],
      [8, [
        [12, parts.graph('Selectors by status', '', [
          parts.range(count(status[1]), status[0])
          for status in statuses
        ], custom=parts.stacked)],
        [12, parts.graph('Findings by check', 'Warnings and critical ones, planned work left out.', [
          parts.range('count by (check) (%s)' % not_in_maintenance, '{{check}}'),
        ], custom=parts.stacked)],
      ]],
      [10, [
        [8, parts.table('Domains, the worst first', 'Critical before unknown before warning.', [
          parts.rows('topk(200, max by (domain) ((dkim_selector_status%(of)s == 3) * 0.5 or dkim_selector_status%(of)s))' % { of: of }),
        ], [['domain', 'domain'], ['Value', 'status']], [
          domainColumn,
          parts.column('status', {
            'custom.cellOptions': parts.colored,
            mappings: parts.words([['0', 'ok', 'green'], ['1', 'warning', 'orange'], ['1.5', 'unknown', 'purple'], ['2', 'critical', 'red']]),
          }),
        ])],
        [16, parts.table('What is found', 'The name of a check leads to what it means and how to mend it.', [
          parts.rows('count by (severity, domain, selector, check) (%s)' % not_in_maintenance),
        ], [['severity', 'severity'], ['domain', 'domain'], ['selector', 'selector'], ['check', 'check']], [
          severityColumn,
          domainColumn,
          parts.column('check', { links: parts.link('what it means', config.sourceUrl + '/checks/README.md#${__value.raw}') }),
        ])],
      ]],
      [8, [
        [12, parts.table('Rotations', 'Where each domain stands with its keys.', [
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
        [12, parts.table('Planned work', 'Alerts about these selectors are in_maintenance.', [
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
        [12, parts.bars('Keys by size', 'How many selectors have a key of so many bits.', [
          parts.instant('count_values("bits", dkim_key_size%s)' % of, '{{bits}} bits'),
        ])],
        [12, parts.table('Alerts', 'What Prometheus alerts on now.', [
          parts.rows('count by (alertname, severity, domain, selector) (ALERTS{alertname=~"Dkim.*",alertstate="firing"})'),
        ], [['severity', 'severity'], ['alertname', 'alert'], ['domain', 'domain'], ['selector', 'selector']], [
          severityColumn,
          domainColumn,
        ])],
      ]],
    ],
  )
