// Alerts where nothing is seen of the world: no data must never look like good news.
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
      description='Verifiers get no key either, and put mail off or fail it; or this machine cannot reach them. ' +
                  lib.statusPage,
    ),
    lib.alert(
      name='DkimSelectorUnknown',
      // Where no server answers, the alert before says so.
      expr=lib.unlessSilenced('%s == 3' % lib.seen('dkim_selector_status')) +
           ' unless on (domain, selector) (domain_selector:dkim_nameserver_answer:avg == 0)',
      wait='unsteady',
      severity='critical',
      summary=subject + 'whether the key is right could not be seen',
      description='Too few servers answered, or this machine failed to ask. No fault that was told before is mended ' +
                  'by that. ' + lib.statusPage,
    ),
    lib.alert(
      name='DkimSelectorBlind',
      expr='domain_selector:dkim_selector_probe_age:intervals > %d' % config.blindIntervals,
      wait='blind',
      severity='critical',
      summary=subject + 'nobody has looked for more than %d of its intervals' % config.blindIntervals,
      description='What the metrics say of it is old. See whether {{ $labels.instance }} keeps its schedule, and what ' +
                  'its log says.',
    ),
    lib.alert(
      name='DkimSelectorNeverProbed',
      expr='%s unless %s' % [
        lib.seen('dkim_selector_role'),
        'on (job, instance, domain, selector) ' + lib.seen('dkim_selector_last_probe_timestamp_seconds'),
      ],
      wait='blind',
      severity='critical',
      summary=subject + 'nobody has looked since it is in the settings',
      description='First looks begin at once. See whether {{ $labels.instance }} keeps its schedule, and what its log ' +
                  'says.',
    ),
    lib.alert(
      name='DkimSelectorWithoutStatus',
      expr='%s unless on (job, instance, domain, selector) %s' % [
        lib.seen('dkim_selector_last_probe_timestamp_seconds'),
        lib.seen('dkim_selector_status'),
      ],
      wait='blind',
      severity='critical',
      summary=subject + 'it is watched, and has no status',
      description='Series of it are missing: see dkimprobe_series_capped, and whether relabelling drops them.',
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
      description='The job that writes them with `dkimprobe check --textfile` runs no longer, or fails.',
    ),
  ]
