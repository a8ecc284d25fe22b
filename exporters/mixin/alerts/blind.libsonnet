// Alerts about missing data: without data, a domain must not appear healthy.
function(config)
  local lib = (import '../lib/alert.libsonnet')(config);
  local subject = '{{ $labels.selector }} at {{ $labels.domain }}: ';

  [
    lib.alert(
      name='DkimNoNameserverAnswers',
      expr='domain_selector:dkim_nameserver_answer:avg == 0',
      wait='blind',
      severity='critical',
      summary=subject + 'no nameserver answers',
      description='Verifiers get no key either, and defer the mail or fail its signatures; or only {{ $labels.instance }} ' +
                  'cannot reach the nameservers. Query them from another network, then ask whoever runs them.',
      page=lib.statusPage,
    ),
    lib.alert(
      name='DkimSelectorUnknown',
      expr='%s == 3' % lib.seen('dkim_selector_status'),
      wait='unsteady',
      severity='critical',
      summary=subject + 'the state of the key is unknown',
      description='Too few servers answered, or {{ $labels.instance }} failed to ask. Faults that were reported before ' +
                  'are not fixed by this. `dkimprobe check {{ $labels.domain }} {{ $labels.selector }}` shows which ' +
                  'servers do not answer.',
      findings=lib.findings,
      page=lib.statusPage,
    ),
    lib.alert(
      name='DkimSelectorBlind',
      expr='domain_selector:dkim_selector_probe_age:intervals > %d' % config.blindIntervals,
      wait='blind',
      severity='critical',
      summary=subject + 'it was not probed for more than %d of its intervals' % config.blindIntervals,
      description='Its metrics are outdated. Check whether {{ $labels.instance }} keeps its schedule, and read its log.',
    ),
    lib.alert(
      name='DkimSelectorNeverProbed',
      expr='%s unless %s' % [
        lib.seen('dkim_selector_role'),
        'on (job, instance, domain, selector) ' + lib.seen('dkim_selector_last_probe_timestamp_seconds'),
      ],
      wait='blind',
      severity='critical',
      summary=subject + 'it has never been probed',
      description='The first probe of a new selector begins at once. Check whether {{ $labels.instance }} keeps its ' +
                  'schedule, and read its log.',
    ),
    lib.alert(
      name='DkimSelectorWithoutStatus',
      expr='%s unless on (job, instance, domain, selector) %s' % [
        lib.seen('dkim_selector_last_probe_timestamp_seconds'),
        lib.seen('dkim_selector_status'),
      ],
      wait='blind',
      severity='critical',
      summary=subject + 'it is watched but has no status',
      description='Some of its series are missing. Check dkimprobe_series_capped, and whether relabelling drops them.',
    ),
    lib.alert(
      name='DkimTextfileOld',
      expr='time() - %s > %d' % [
        lib.seen('dkimprobe_textfile_written_timestamp_seconds'),
        (import '../lib/text.libsonnet').seconds(config.textfileAge),
      ],
      wait='program',
      severity='warning',
      summary='the DKIM metrics in {{ $labels.file }} on {{ $labels.instance }} are old',
      description='The job that writes them with `dkimprobe check --textfile` no longer runs, or fails. Run it by hand ' +
                  'and read its errors.',
      place=lib.filePlace,
    ),
  ]
