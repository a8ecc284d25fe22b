// Alerts about the program itself.
function(config)
  local lib = (import '../lib/alert.libsonnet')(config);

  [
    lib.alert(
      name='DkimprobeDown',
      expr='%s == 0' % lib.own('up'),
      wait='down',
      severity='critical',
      summary='dkimprobe at {{ $labels.instance }} cannot be scraped',
      description='Its domains are not watched. Meanwhile alerts about them resolve although nothing is fixed. Start it ' +
                  'again, and read its log.',
    ),
    lib.alert(
      name='DkimprobeAbsent',
      expr='absent(%s)' % lib.own('up'),
      wait='down',
      severity='critical',
      summary='Prometheus has no dkimprobe target',
      description='No target has %s, so no domain is watched. Check the scrape configuration.' % std.strReplace(config.programSelector, '"', '`'),
    ),
    lib.alert(
      name='DkimprobeNoMetrics',
      expr='%s == 1 unless on (job, instance) %s' % [lib.own('up'), lib.own('dkimprobe_build_info')],
      wait='down',
      severity='critical',
      summary='what answers at {{ $labels.instance }} is not dkimprobe',
      description='The target is up but has none of the metrics. Check its address and path.',
    ),
    lib.alert(
      name='DkimprobeRulesMissing',
      expr='%s unless on (job, instance) instance:dkimprobe_domain_probes:increase30m' % lib.own('dkimprobe_build_info'),
      wait='program',
      severity='critical',
      summary='the recording rules of dkimprobe are not loaded',
      description='Some of these alerts cannot fire without them. Load dkimprobe_rules.yaml in Prometheus.',
    ),
    lib.alert(
      name='DkimprobeWatchesNothing',
      expr='%s == 0' % lib.own('dkimprobe_domains'),
      wait='down',
      severity='critical',
      summary='dkimprobe at {{ $labels.instance }} watches no domain',
      description='The settings and the target files name no domain. Restore them, then reload.',
    ),
    lib.alert(
      name='DkimprobePathIntercepted',
      expr='%s == 1' % lib.own('dkimprobe_path_intercepted'),
      wait='cause',
      severity='critical',
      summary='something on the network of {{ $labels.instance }} intercepts DNS',
      description='A VPN, a firewall or a resolver answers in place of the nameservers, so dkimprobe does not see what ' +
                  'the public sees. Fix this first; until then ignore all findings from there.',
    ),
    lib.alert(
      name='DkimprobeDomainsLost',
      expr='%(now)s < (1 - %(ratio)g) * %(now)s offset 1h' % {
        now: lib.own('dkimprobe_domains'),
        ratio: config.lostDomainsRatio,
      },
      wait='down',
      severity='warning',
      summary='dkimprobe at {{ $labels.instance }} watches {{ $value }} domains, far fewer than an hour ago',
      description='If this is not intended, restore the settings and the target files. Else the alert ends by itself within ' +
                  'the hour.',
    ),
    lib.alert(
      name='DkimprobeProbesLate',
      expr='%s > 0' % lib.own('dkimprobe_domain_probes_behind_schedule'),
      wait='program',
      severity='warning',
      summary='{{ $value }} probes of dkimprobe at {{ $labels.instance }} are behind schedule',
      description='Faults are found later than the settings demand. The machine or the network is too slow, or the rate ' +
                  'limit is too low for the number of domains: raise `rate_limit` or the interval.',
    ),
    lib.alert(
      name='DkimprobeProbesFailing',
      expr='instance:dkimprobe_domain_probes_failed:ratio_increase30m > %g' % config.failedProbesRatio,
      wait='program',
      severity='critical',
      summary='{{ $value | humanizePercentage }} of the probes from {{ $labels.instance }} get no answer',
      description='So many domains rarely fail at once: the machine or its network is the likelier cause. Check ' +
                  'whether it can query any nameserver.',
    ),
    lib.alert(
      name='DkimprobeRateLimitInsufficient',
      expr='%s == 0' % lib.own('dkimprobe_rate_limit_sufficient'),
      wait='program',
      severity='warning',
      summary='the probes of dkimprobe at {{ $labels.instance }} do not fit their intervals',
      description='Too many domains are on the same servers for the rate limit. Raise `rate_limit` or the interval.',
    ),
    lib.alert(
      name='DkimprobeHistoryNotWritable',
      expr='%s == 0' % lib.own('dkimprobe_history_writable'),
      wait='program',
      severity='warning',
      summary='dkimprobe at {{ $labels.instance }} cannot store its history',
      description='Probing goes on, but the history has a gap: safe times and the age of keys are less certain. Check ' +
                  'the disk, the permissions and the log.',
    ),
    lib.alert(
      name='DkimprobeReloadFailed',
      expr='%s == 0' % lib.own('dkimprobe_config_last_reload_successful'),
      wait='down',
      severity='warning',
      summary='dkimprobe at {{ $labels.instance }} could not read its settings',
      description='It keeps the previous settings, and a restart would fail. `dkimprobe check --config.file FILE ' +
                  '--config.check` lists every error.',
    ),
    lib.alert(
      name='DkimprobeSeriesCapped',
      expr='%s > 0' % lib.own('dkimprobe_series_capped'),
      wait='down',
      severity='critical',
      summary='dkimprobe at {{ $labels.instance }} leaves out {{ $value }} series',
      description='There are more series than its limits allow, so some selectors or nameservers are missing here. ' +
                  'Split the domains among several instances, or check the target files for an error.',
    ),
    lib.alert(
      name='DkimprobeRestarts',
      expr='changes(%s[1h]) > %d' % [lib.own('dkimprobe_start_time_seconds'), config.restartsPerHour],
      wait='down',
      severity='warning',
      summary='dkimprobe at {{ $labels.instance }} restarted {{ $value }} times within an hour',
      description='Read its log and that of the service.',
    ),
  ]
