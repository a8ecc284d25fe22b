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
      description='Nobody watches its domains. Alerts about them resolve meanwhile without being mended.',
    ),
    lib.alert(
      name='DkimprobeAbsent',
      expr='absent(%s)' % lib.own('up'),
      wait='down',
      severity='critical',
      summary='Prometheus knows no dkimprobe',
      description='No target has %s: nobody watches any domain.' % std.strReplace(config.programSelector, '"', '`'),
    ),
    lib.alert(
      name='DkimprobeNoMetrics',
      expr='%s == 1 unless on (job, instance) %s' % [lib.own('up'), lib.own('dkimprobe_build_info')],
      wait='down',
      severity='critical',
      summary='what answers at {{ $labels.instance }} is not dkimprobe',
      description='The target is up and has none of the metrics. See its address and path.',
    ),
    lib.alert(
      name='DkimprobeRulesMissing',
      expr='%s unless on (job, instance) instance:dkimprobe_domain_probes:increase30m' % lib.own('dkimprobe_build_info'),
      wait='program',
      severity='critical',
      summary='the recording rules of dkimprobe are not loaded',
      description='Some of these alerts need dkimprobe_rules.yaml, and cannot fire without it.',
    ),
    lib.alert(
      name='DkimprobeWatchesNothing',
      expr='%s == 0' % lib.own('dkimprobe_domains'),
      wait='down',
      severity='critical',
      summary='dkimprobe at {{ $labels.instance }} watches no domain',
      description='The settings or the target files are empty.',
    ),
    lib.alert(
      name='DkimprobePathIntercepted',
      expr='%s == 1' % lib.own('dkimprobe_path_intercepted'),
      wait='down',
      severity='critical',
      summary='the network of {{ $labels.instance }} answers DNS itself',
      description='Nothing that dkimprobe sees from there is what the public sees: a VPN, a firewall or a resolver ' +
                  'answers in place of the nameservers. Whatever else is told of domains meanwhile is of no use.',
    ),
    lib.alert(
      name='DkimprobeDomainsLost',
      expr='%(now)s < (1 - %(ratio)g) * %(now)s offset 1h' % {
        now: lib.own('dkimprobe_domains'),
        ratio: config.lostDomainsRatio,
      },
      wait='down',
      severity='warning',
      summary='dkimprobe at {{ $labels.instance }} watches {{ $value }} domains, and an hour ago far more',
      description='If that is meant, this ends by itself within the hour.',
    ),
    lib.alert(
      name='DkimprobeProbesLate',
      expr='%s > 0' % lib.own('dkimprobe_domain_probes_behind_schedule'),
      wait='program',
      severity='warning',
      summary='{{ $value }} looks of dkimprobe at {{ $labels.instance }} are behind their schedule',
      description='Faults are seen later than the settings say. The machine or the network is too slow, or the pace is ' +
                  'too low for the number of domains.',
    ),
    lib.alert(
      name='DkimprobeProbesFailing',
      expr='instance:dkimprobe_domain_probes_failed:ratio_increase30m > %g' % config.failedProbesRatio,
      wait='program',
      severity='critical',
      summary='{{ $value | humanizePercentage }} of the looks from {{ $labels.instance }} see no server',
      description='So many domains seldom fail at once: this machine or its network is the likelier cause.',
    ),
    lib.alert(
      name='DkimprobeRateLimitInsufficient',
      expr='%s == 0' % lib.own('dkimprobe_rate_limit_sufficient'),
      wait='program',
      severity='warning',
      summary='the rounds of dkimprobe at {{ $labels.instance }} do not fit their intervals',
      description='Too many domains are on the same servers for the pace these are asked with. Raise `pace` or the ' +
                  'interval.',
    ),
    lib.alert(
      name='DkimprobeHistoryNotWritable',
      expr='%s == 0' % lib.own('dkimprobe_history_writable'),
      wait='program',
      severity='warning',
      summary='dkimprobe at {{ $labels.instance }} cannot store what it sees',
      description='Probing goes on, and the history has a gap: safe times and the age of keys are less certain. See ' +
                  'the disk, the rights and the log.',
    ),
    lib.alert(
      name='DkimprobeReloadFailed',
      expr='%s == 0' % lib.own('dkimprobe_config_last_reload_successful'),
      wait='down',
      severity='warning',
      summary='dkimprobe at {{ $labels.instance }} could not read its settings',
      description='It goes on with the old ones, and a restart would fail. `dkimprobe check --config.file FILE ' +
                  '--config.check` names every mistake.',
    ),
    lib.alert(
      name='DkimprobeSeriesCapped',
      expr='%s > 0' % lib.own('dkimprobe_series_capped'),
      wait='down',
      severity='critical',
      summary='dkimprobe at {{ $labels.instance }} leaves out {{ $value }} series',
      description='There are more than it may tell, so some selectors are not seen here.',
    ),
    lib.alert(
      name='DkimprobeRestarts',
      expr='changes(%s[1h]) > %d' % [lib.own('dkimprobe_start_time_seconds'), config.restartsPerHour],
      wait='down',
      severity='warning',
      summary='dkimprobe at {{ $labels.instance }} began {{ $value }} times anew within an hour',
      description='See its log, and that of the service.',
    ),
  ]
