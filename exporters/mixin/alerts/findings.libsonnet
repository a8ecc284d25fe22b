// An alert for each check of the catalogue, with the catalogue's texts. The severity depends on role and policy, so the
// alert takes it from the series; a notice never alerts.
local catalogue = import '../catalogue.json';
local text = import '../lib/text.libsonnet';

function(config)
  local lib = (import '../lib/alert.libsonnet')(config);
  local loud = 'severity=~"critical|warning"';
  // The daemon sees no messages, so it never runs the checks of signatures.
  local checks = std.filter(function(check) check.scope != 'signature', catalogue.checks);
  local alertName(check) =
    if std.objectHas(config.alertNames, check.name) then config.alertNames[check.name]
    else 'Dkim' + text.camelCase(check.name);
  local wait(check) =
    if std.objectHas(config.waits, check.name) then config.waits[check.name]
    else if check.severity == 'critical' then 'critical'
    else if check.scope == 'server' && check.severity == 'warning' then 'unsteady'
    else 'warning';
  local named(remedy) = std.strReplace(
    std.strReplace(remedy, 'SELECTOR', '{{ $labels.selector }}'), 'DOMAIN', '{{ $labels.domain }}'
  );

  [
    lib.alert(
      name=alertName(check),
      expr=lib.seen('dkim_finding', 'check="%s",%s' % [check.name, loud]),
      wait=wait(check),
      severity='{{ $labels.severity }}',
      summary='{{ $labels.selector }} at {{ $labels.domain }}: %s' % check.summary,
      servers=lib.servers,
      description='%s %s `dkimprobe explain %s` explains it.' % [
        text.sentence(check.effect),
        named(check.remedy),
        check.name,
      ],
      page=lib.statusPage,
      runbook=lib.checkGuide(check.name),
      place=lib.findingPlace,
      labels={ check: check.name },
    )
    for check in checks
  ] + [
    lib.alert(
      name='DkimOtherFault',
      expr=lib.seen('dkim_finding', 'check!~"%s",%s' % [std.join('|', [check.name for check in checks]), loud]),
      wait='warning',
      severity='{{ $labels.severity }}',
      summary='{{ $labels.selector }} at {{ $labels.domain }}: {{ $labels.check }}',
      servers=lib.servers,
      description='The program is newer than these alerts: load the alerts of its version. ' +
                  '`dkimprobe explain {{ $labels.check }}` explains the finding.',
      page=lib.statusPage,
      runbook=lib.checkGuide('{{ $labels.check }}'),
      place=lib.findingPlace,
    ),
  ]
