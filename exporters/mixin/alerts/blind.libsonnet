// Alerts about missing data: without data, a domain must not appear healthy.
function(config)
  local lib = (import '../lib/alert.libsonnet')(config);
  local subject = '{{ $labels.selector }} at {{ $labels.domain }}: ';

  [
    lib.alert(
      name='DkimNoNameserverAnswers',
      expr=lib.unlessSilenced('domain_selector:dkim_nameserver_answer:avg == 0'),
      wait='blind',
      severity='critical',
      summary=subject + 'no nameserver answers',
      description='Verifiers get no key either, and defer the mail or fail its signatures; or only this machine cannot ' +
                  'reach the nameservers. ' +
                  lib.statusPage,
    ),
    lib.alert(
      name='DkimSelectorUnknown',
      // Where no server answers, DkimNoNameserverAnswers fires instead.
      expr=lib.unlessSilenced('%s == 3' % lib.seen('dkim_selector_status')) +
           ' unless on (domain, selector) (domain_selector:dkim_nameserver_answer:avg == 0)',
      wait='unsteady',
      severity='critical',
      summary=subject + 'the state of the key is unknown',
      description='Too few servers answered, or this machine failed to ask. Faults that were reported before are not ' +
                  'fixed by this. ' + lib.statusPage,
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
      description='The job that writes them with `dkimprobe check --textfile` no longer runs, or fails.',
    ),
  ]
