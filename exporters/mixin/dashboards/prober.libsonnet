// The health of the prober: its schedule and the outcomes of its queries.
local parts = import 'parts.libsonnet';

function(config)
  local of = '{job=~"$job",instance=~"$instance"}';
  local rate(metric) = 'rate(%s%s[$__rate_interval])' % [metric, of];
  local quantile(share) = parts.range(
    'histogram_quantile(%g, sum by (le, transport) (%s))' % [share, rate('dkimprobe_query_duration_seconds_bucket')],
    '{{transport}} %g %%' % (100 * share)
  );
  local good = parts.words([['1', 'yes', 'green'], ['0', 'no', 'red']]);

  parts.dashboard(
    config,
    'dkimprobe',
    'DKIM: the prober itself',
    'Schedule of dkimprobe and outcomes of its queries.',
    [
      parts.variable('job', 'job', 'label_values(dkimprobe_build_info, job)', true),
      parts.variable('instance', 'instance', 'label_values(dkimprobe_build_info{job=~"$job"}, instance)', true),
      parts.pageVariable(config.dashboardStatusUrl),
    ],
    [['Status page', '$status_page/']],
    [
      [4, [
        [3, parts.stat('Up', '', [parts.instant('up%s' % of, '{{instance}}')], { mappings: good })],
        [3, parts.stat('Version', '', [parts.instant('dkimprobe_build_info%s' % of, '{{version}}')]) {
          options+: { textMode: 'name' },
        }],
        [3, parts.stat('Running for', '', [parts.instant('time() - dkimprobe_start_time_seconds%s' % of, '{{instance}}')], { unit: 's' })],
        [3, parts.stat('Settings read', 'Whether the last reload of settings and target files succeeded.', [
          parts.instant('dkimprobe_config_last_reload_successful%s' % of, '{{instance}}'),
        ], { mappings: good })],
        [3, parts.stat('History stored', 'Whether the last probe could be stored.', [
          parts.instant('dkimprobe_history_writable%s' % of, '{{instance}}'),
        ], { mappings: good, noValue: 'no history' })],
        [3, parts.stat('Rate limit sufficient', 'Whether all probes fit their intervals within the rate limit.', [
          parts.instant('dkimprobe_rate_limit_sufficient%s' % of, '{{instance}}'),
        ], { mappings: good })],
        [3, parts.stat('Domains', '', [parts.instant('dkimprobe_domains%s' % of, '{{instance}}')])],
        [3, parts.stat('Never probed', 'Domains without a completed probe.', [
          parts.instant('dkimprobe_domains_never_probed%s' % of, '{{instance}}'),
        ], { thresholds: parts.thresholds([[null, 'text'], [1, 'orange']]) })],
      ]],
      'Probes',
      [8, [
        [8, parts.graph('Probes', 'Completed probes of domains. A quick probe only checks whether the record is unchanged.', [
          parts.range(rate('dkimprobe_domain_probes_total'), '{{depth}}'),
          parts.range(rate('dkimprobe_domain_probes_confirming_total'), 'to confirm a change'),
          parts.range(rate('dkimprobe_domain_probes_failed_total'), 'no server answered'),
        ], 'ops')],
        [8, parts.graph('Schedule', '', [
          parts.range('dkimprobe_domain_probes_behind_schedule%s' % of, 'overdue'),
          parts.range('dkimprobe_domain_probes_running%s' % of, 'in progress'),
          parts.range(rate('dkimprobe_domain_probes_late_total'), 'began late, per second'),
        ])],
        [8, parts.graph('Age of the last probes', 'In intervals of the selector. Up to one is normal; more than %d alert.' % config.blindIntervals, [
          parts.range('max by (instance) (domain_selector:dkim_selector_probe_age:intervals%s)' % of, 'oldest, {{instance}}'),
          parts.range('quantile by (instance) (0.5, domain_selector:dkim_selector_probe_age:intervals%s)' % of, 'median, {{instance}}'),
        ])],
      ]],
      'Queries',
      [8, [
        [12, parts.graph('Queries by outcome', '', [
          parts.range('sum by (transport, outcome) (%s)' % rate('dkimprobe_queries_total'), '{{transport}} {{outcome}}'),
        ], 'ops', custom=parts.stacked)],
        [12, parts.graph('Time to an answer', 'Queries without an answer are not included.', [
          quantile(0.5),
          quantile(0.9),
          quantile(0.99),
        ], 's')],
      ]],
      [8, [
        [12, parts.graph('Messages that answer no query', 'Late messages are harmless; many wrong ids or sources may be forged answers.', [
          parts.range('sum by (reason) (%s)' % rate('dkimprobe_ignored_datagrams_total'), '{{reason}}'),
        ], 'ops')],
        [12, parts.graph('/probe', '', [
          parts.range(rate('dkimprobe_probe_requests_total'), 'answered'),
          parts.range(rate('dkimprobe_probe_requests_refused_total'), 'refused'),
        ], 'ops')],
      ]],
      'Limits',
      [7, [
        [12, parts.graph('Series left out', 'Series beyond the limits on selectors and on servers of a selector.', [
          parts.range('dkimprobe_series_capped%s' % of, '{{instance}}'),
        ])],
        [12, parts.graph('Probes that could not be stored', '', [
          parts.range(rate('dkimprobe_history_failures_total'), '{{instance}}'),
        ], 'ops')],
      ]],
    ],
  )
