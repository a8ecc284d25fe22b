// One domain: the answers of each server, the keys, the response sizes, the rotation.
local parts = import 'parts.libsonnet';

function(config)
  local only = 'job=~"$job",domain="$domain"';
  local of = '{%s,selector=~"$selector"}' % only;
  local domain = '{%s}' % only;
  local loud = 'dkim_finding{%s,selector=~"$selector",severity=~"critical|warning"}' % only;
  local by = 'max by (domain, selector)';
  local milliseconds(metric) = '1000 * %s (%s%s)' % [by, metric, of];
  local answers = parts.words([['1', '✓', 'green'], ['0', 'no answer', 'red']]);

  parts.dashboard(
    config,
    'dkim-domain',
    'DKIM: one domain',
    'The answers of each nameserver about the keys of one domain.',
    [
      parts.variable('job', 'job', 'label_values(dkim_selector_status, job)', true),
      parts.variable('domain', 'domain', 'label_values(dkim_selector_status{job=~"$job"}, domain)', false),
      parts.variable('selector', 'selector', 'label_values(dkim_selector_status{job=~"$job",domain="$domain"}, selector)', true),
      parts.pageVariable(config.dashboardStatusUrl),
    ],
    [['Status page', '$status_page/domains/$domain']],
    [
      [5, [
        [8, parts.stat('Status', 'Status of each selector.', [
          parts.instant('%s (dkim_selector_status%s)' % [by, of], '{{selector}}'),
        ], { mappings: parts.status })],
        [8, parts.stat('Last probe', 'Time since the last probe.', [
          parts.instant('time() - %s (dkim_selector_last_probe_timestamp_seconds%s)' % [by, of], '{{selector}}'),
        ], { unit: 's', decimals: 0 })],
        [8, parts.stat('Nameservers that answer', 'Share of all nameserver addresses that answer.', [
          parts.instant('min by (domain, selector) (domain_selector:dkim_nameserver_answer:avg%s)' % of, '{{selector}}'),
        ], { unit: 'percentunit', decimals: 0, thresholds: parts.alarmBelow(1) })],
      ]],
      [8, [
        [14, parts.table('Selectors by nameservers', 'Whether each server answered for each selector. The status page shows the answers.', [
          parts.rows('min by (selector, nameserver, address) (dkim_nameserver_answer%s)' % of),
        ], [], defaults={ mappings: answers, custom: { align: 'center', cellOptions: parts.colored, filterable: false } }, transformations=[
          { id: 'groupingToMatrix', options: { columnField: 'selector', rowField: 'nameserver', valueField: 'Value', emptyValue: 'empty' } },
        ])],
        [10, parts.table('Findings', 'The name of a check links to its meaning and how to fix it.', [
          parts.rows('count by (severity, selector, check) (%s)' % loud),
        ], [['severity', 'severity'], ['selector', 'selector'], ['check', 'check']], [
          parts.column('severity', {
            'custom.cellOptions': parts.colored,
            mappings: parts.words([['critical', 'critical', 'red'], ['warning', 'warning', 'orange']]),
          }),
          parts.column('check', { links: parts.link('what it means', '${status_page}/checks#${__value.raw}') }),
        ])],
      ]],
      [7, [
        [12, parts.timeline('Status', '', [
          parts.range('%s (dkim_selector_status%s)' % [by, of], '{{selector}}'),
        ], parts.status)],
        [12, parts.timeline('Findings', 'When each finding was present.', [
          parts.range('count by (selector, check, severity) (%s)' % loud, '{{selector}} {{check}} ({{severity}})'),
        ], parts.words([['1', 'found', 'orange']]))],
      ]],
      'Keys',
      [7, [
        [24, parts.table('Key facts', '', [
          parts.rows('max by (selector, algorithm, sha256) (dkim_key_info%s)' % of),
          parts.rows('max by (selector) (dkim_key_size%s)' % of),
          parts.rows('max by (selector, role) (dkim_selector_role%s)' % of),
          parts.rows('1000 * max by (selector) (dkim_key_first_seen_timestamp_seconds%s)' % of),
          parts.rows('max by (selector) (dkim_record_ttl_seconds%s)' % of),
          parts.rows('max by (selector) (dkim_negative_ttl_seconds%s)' % of),
        ], [], [
          parts.column('first seen', parts.time),
          parts.column('TTL', { unit: 's' }),
          parts.column('negative TTL', { unit: 's' }),
        ], transformations=parts.columns([
          ['selector', 'selector'],
          ['role', 'role'],
          ['algorithm', 'algorithm'],
          ['Value #B', 'bits'],
          ['Value #D', 'first seen'],
          ['Value #E', 'TTL'],
          ['Value #F', 'negative TTL'],
          ['sha256', 'SHA-256 of the key'],
        ], merged=true))],
      ]],
      'Sizes',
      [8, [
        [8, parts.graph('Response over plain UDP', 'A response of more than 512 bytes is truncated, and verifiers must ask over TCP.', [
          parts.range('max by (selector) (dkim_response_bytes{%s,selector=~"$selector",path="udp"})' % only, '{{selector}}'),
        ], 'bytes', { max: 640, thresholds: parts.alarmAbove(512), color: { mode: 'palette-classic' } }, { thresholdsStyle: { mode: 'line' } })],
        [8, parts.graph('Response with EDNS', 'A response of more than 1232 bytes may be lost on the path.', [
          parts.range('max by (selector) (dkim_response_bytes{%s,selector=~"$selector",path="edns"})' % only, '{{selector}}'),
        ], 'bytes', { max: 1400, thresholds: parts.alarmAbove(1232), color: { mode: 'palette-classic' } }, { thresholdsStyle: { mode: 'line' } })],
        [8, parts.bars('Bytes left below the limit', 'Below zero, the response does not fit.', [
          parts.instant('min by (selector, limit) (dkim_response_headroom_bytes%s)' % of, '{{selector}}, limit {{limit}}'),
        ], { unit: 'bytes', thresholds: parts.alarmBelow(0) })],
      ]],
      'Rotation',
      [6, [
        [4, parts.stat('Rotation', '', [
          parts.instant('max(dkim_rotation_status%s)' % domain),
        ], { mappings: parts.status })],
        [4, parts.stat('Key due in', 'Time until the signing key reaches its maximum age.', [
          parts.instant('min(domain_selector:dkim_rotation_due:remaining_seconds%s)' % domain),
        ], { unit: 's', thresholds: parts.thresholds([[null, 'red'], [0, 'orange'], [604800, 'green']]) })],
        [16, parts.table('Dates', '', [
          parts.rows(milliseconds('dkim_rotation_key_since_timestamp_seconds')),
          parts.rows(milliseconds('dkim_rotation_due_timestamp_seconds')),
          parts.rows(milliseconds('dkim_safe_to_sign_timestamp_seconds')),
          parts.rows(milliseconds('dkim_safe_to_remove_timestamp_seconds')),
          parts.rows('%s (dkim_rotation_old_key_published%s)' % [by, of]),
          parts.rows(milliseconds('dkim_key_cache_expiry_timestamp_seconds')),
        ], [], [
          parts.column(name, parts.time)
          for name in ['signs since', 'due', 'safe to sign', 'safe to remove', 'expired from caches']
        ] + [
          parts.column('old and still published', { mappings: parts.yesNo('orange', 'green') }),
        ], transformations=parts.columns([
          ['selector', 'selector'],
          ['Value #A', 'signs since'],
          ['Value #B', 'due'],
          ['Value #C', 'safe to sign'],
          ['Value #D', 'safe to remove'],
          ['Value #E', 'old and still published'],
          ['Value #F', 'expired from caches'],
        ], merged=true))],
      ]],
      [8, [
        [14, parts.timeline('Steps of the change', 'When each step was done, and which steps need action.', [
          parts.range(
            'max by (selector, step) (dkim_rotation_step{%(of)s,state="done"} * 0'
            + ' or dkim_rotation_step{%(of)s,state="pending"} * 1'
            + ' or dkim_rotation_step{%(of)s,state="due"} * 2'
            + ' or dkim_rotation_step{%(of)s,state="blocked"} * 3'
            + ' or dkim_rotation_step{%(of)s,state="unknown"} * 4)',
            '{{selector}} {{step}}'
          ) { expr: super.expr % { of: only } },
        ], parts.words([
          ['0', 'done', 'green'],
          ['1', 'pending', 'blue'],
          ['2', 'due', 'orange'],
          ['3', 'blocked', 'red'],
          ['4', 'unknown', 'purple'],
        ]))],
        [10, parts.table('Faults of the rotation', '', [
          parts.rows('count by (severity, selector, fault) (dkim_rotation_fault%s)' % domain),
        ], [['severity', 'severity'], ['selector', 'selector'], ['fault', 'fault']], [
          parts.column('severity', {
            'custom.cellOptions': parts.colored,
            mappings: parts.words([['critical', 'critical', 'red'], ['warning', 'warning', 'orange']]),
          }),
        ])],
      ]],
    ],
  )
