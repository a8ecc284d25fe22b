// The prober's own health: whether it keeps its schedule, and what its questions meet.
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
    'Whether dkimprobe keeps its schedule, and what its questions meet.',
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
        [3, parts.stat('Settings read', 'Whether the last reading of settings and target files went well.', [
          parts.instant('dkimprobe_config_last_reload_successful%s' % of, '{{instance}}'),
        ], { mappings: good })],
        [3, parts.stat('History stored', 'Whether the last look could be stored.', [
          parts.instant('dkimprobe_history_writable%s' % of, '{{instance}}'),
        ], { mappings: good, noValue: 'no history' })],
        [3, parts.stat('QueryRate sufficient', 'Whether all rounds fit their intervals.', [
          parts.instant('dkimprobe_rate_limit_sufficient%s' % of, '{{instance}}'),
        ], { mappings: good })],
        [3, parts.stat('Domains', '', [parts.instant('dkimprobe_domains%s' % of, '{{instance}}')])],
        [3, parts.stat('Not seen yet', 'Domains without a finished round.', [
          parts.instant('dkimprobe_domains_never_probed%s' % of, '{{instance}}'),
        ], { thresholds: parts.thresholds([[null, 'text'], [1, 'orange']]) })],
      ]],
      'Rounds',
      [8, [
        [8, parts.graph('Rounds', 'Looks at a domain that have ended; a light one asks whether the record is as it was.', [
          parts.range(rate('dkimprobe_domain_probes_total'), '{{depth}}'),
          parts.range(rate('dkimprobe_domain_probes_confirming_total'), 'to confirm a change'),
          parts.range(rate('dkimprobe_domain_probes_failed_total'), 'no server seen'),
        ], 'ops')],
        [8, parts.graph('Schedule', '', [
          parts.range('dkimprobe_domain_probes_behind_schedule%s' % of, 'due and not begun'),
          parts.range('dkimprobe_domain_probes_running%s' % of, 'under way'),
          parts.range(rate('dkimprobe_domain_probes_late_total'), 'began late, a second'),
        ])],
        [8, parts.graph('Age of the last looks', 'In intervals of the selector; one is normal, %d alert.' % config.blindIntervals, [
          parts.range('max by (instance) (domain_selector:dkim_selector_probe_age:intervals%s)' % of, 'oldest, {{instance}}'),
          parts.range('quantile by (instance) (0.5, domain_selector:dkim_selector_probe_age:intervals%s)' % of, 'median, {{instance}}'),
        ])],
      ]],
      'Questions',
      [8, [
        [12, parts.graph('Questions by what became of them', '', [
          parts.range('sum by (transport, outcome) (%s)' % rate('dkimprobe_queries_total'), '{{transport}} {{outcome}}'),
        ], 'ops', custom=parts.stacked)],
        [12, parts.graph('Time to an answer', 'Those without an answer are not in it.', [
          quantile(0.5),
          quantile(0.9),
          quantile(0.99),
        ], 's')],
      ]],
      [8, [
        [12, parts.graph('Messages that answer no question', 'Late ones are harmless; wrong ids and sources in numbers may be forgeries.', [
          parts.range('sum by (reason) (%s)' % rate('dkimprobe_ignored_datagrams_total'), '{{reason}}'),
        ], 'ops')],
        [12, parts.graph('/probe', '', [
          parts.range(rate('dkimprobe_probe_requests_total'), 'answered'),
          parts.range(rate('dkimprobe_probe_requests_refused_total'), 'refused'),
        ], 'ops')],
      ]],
      'Limits',
      [7, [
        [12, parts.graph('Series left out', 'There are more than may be told.', [
          parts.range('dkimprobe_series_capped%s' % of, '{{instance}}'),
        ])],
        [12, parts.graph('Looks that could not be stored', '', [
          parts.range(rate('dkimprobe_history_failures_total'), '{{instance}}'),
        ], 'ops')],
      ]],
    ],
  )
