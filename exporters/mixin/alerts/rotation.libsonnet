// Alerts about the rotations in the settings: current faults, and steps that will miss their date.
local catalogue = import '../catalogue.json';
local text = import '../lib/text.libsonnet';

function(config)
  local lib = (import '../lib/alert.libsonnet')(config);
  local subject = '{{ $labels.selector }} at {{ $labels.domain }}: ';
  local next = ' `dkimprobe rotation {{ $labels.domain }}` shows the next step.';

  // The rotation faults from the program's catalogue. Where a finding reports the same fault of the selector, only the
  // finding alerts.
  local faults = catalogue.rotation_faults;
  local loud = 'severity=~"critical|warning"';
  local unlessFound(fault) =
    if fault.alert.redundant_with == null then ''
    else ' unless on (domain, selector) ' +
         lib.seen('dkim_finding', 'check="%s",%s' % [fault.alert.redundant_with, loud]);

  [
    lib.alert(
      name=fault.alert.name,
      expr=lib.seen('dkim_rotation_fault', 'fault="%s",%s' % [fault.name, loud]) + unlessFound(fault),
      wait=fault.alert.wait,
      severity='{{ $labels.severity }}',
      summary=subject + fault.summary,
      description='%s %s' % [fault.effect, fault.remedy] + next,
      findings=lib.findings,
      page=lib.statusPage,
      runbook=lib.rotationGuide,
      place=lib.faultPlace,
      labels={ fault: fault.name },
    )
    for fault in faults
  ] + [
    lib.alert(
      name='DkimRotationFault',
      expr=lib.seen('dkim_rotation_fault', 'fault!~"%s",%s' % [std.join('|', [fault.name for fault in faults]), loud]),
      wait='warning',
      severity='{{ $labels.severity }}',
      summary=subject + '{{ $labels.fault }}',
      description='The program is newer than these alerts: load the alerts of its version.' + next,
      findings=lib.findings,
      page=lib.statusPage,
      runbook=lib.rotationGuide,
      place=lib.faultPlace,
    ),
    lib.alert(
      name='DkimNextKeyLate',
      // The alert has the next selector, the due date is that of the current key. When there is no next key at all, the
      // alert has the current selector.
      expr=('(%(ready)s == 0) and on (job, instance, domain) %(due)s or ' +
            '%(due)s unless on (job, instance, domain) %(ready)s') % {
        ready: lib.seen('dkim_rotation_next_key_ready'),
        due: '(domain_selector:dkim_rotation_due:remaining_seconds < %d)' % text.seconds(config.nextKeyLead),
      },
      wait='planned',
      severity='warning',
      summary=subject + 'the next key is not on every server, and the current key is due soon',
      description='The current key reaches its maximum age within %s. ' % config.nextKeyLead +
                  'A key must be on every server for a while before mail may be signed with it. Publish it on ' +
                  'all of them now.' + next,
      page=lib.statusPage,
      runbook=lib.rotationGuide,
    ),
    lib.alert(
      name='DkimRotationBlocked',
      expr=lib.seen('dkim_rotation_step', 'state="blocked"'),
      wait='warning',
      severity='warning',
      summary='{{ $labels.domain }}: the key rotation is blocked at the step {{ $labels.step }}',
      description='Something must be fixed first. `dkimprobe rotation {{ $labels.domain }}` shows what.',
      runbook=lib.rotationGuide,
      place=lib.stepPlace,
    ),
    lib.alert(
      name='DkimRotationUnknown',
      expr='%s == 3' % lib.seen('dkim_rotation_status'),
      wait='lasting',
      severity='warning',
      summary='{{ $labels.domain }}: the state of the key rotation is unknown',
      description='The next step depends on servers that gave no answer, or on dates that are missing from the ' +
                  'settings. `dkimprobe rotation {{ $labels.domain }}` shows which.',
      runbook=lib.rotationGuide,
    ),
  ]
