// Alerts about rotations that the settings plan: what is wrong now, and what will miss its date.
local catalogue = import '../catalogue.json';
local text = import '../lib/text.libsonnet';

function(config)
  local lib = (import '../lib/alert.libsonnet')(config);
  local subject = '{{ $labels.selector }} at {{ $labels.domain }}: ';
  local next = ' `dkimprobe rotation {{ $labels.domain }}` says what comes next. ' + lib.statusPage;

  // Faults of a rotation as the program's table has them. Without an alert are those that the daemon does not report.
  // Where the finding of a check says the same of the selector alone, one alert is enough.
  local faults = std.filter(function(fault) fault.alert != null, catalogue.rotation_faults);
  local loud = 'severity=~"critical|warning"';
  local unlessFound(fault) =
    if fault.alert.redundant_with == null then ''
    else ' unless on (domain, selector) ' +
         lib.seen('dkim_finding', 'check="%s",%s' % [fault.alert.redundant_with, loud]);

  [
    lib.alert(
      name=fault.alert.name,
      expr=lib.unlessSilenced(lib.seen('dkim_rotation_fault', 'fault="%s",%s' % [fault.name, loud])) +
           unlessFound(fault),
      wait=fault.alert.wait,
      severity='{{ $labels.severity }}',
      summary=subject + fault.summary,
      description='%s %s' % [fault.effect, fault.remedy] + next,
      labels={ fault: fault.name },
    )
    for fault in faults
  ] + [
    lib.alert(
      name='DkimRotationFault',
      expr=lib.unlessSilenced(lib.seen('dkim_rotation_fault', 'fault!~"%s",%s' % [
        std.join('|', [fault.name for fault in faults]),
        loud,
      ])),
      wait='warning',
      severity='{{ $labels.severity }}',
      summary=subject + '{{ $labels.fault }}',
      description='The program is newer than these alerts: load those that came with it.' + next,
    ),
    lib.alert(
      name='DkimNextKeyLate',
      // Of the next selector; the date is that of the key that signs now. No next key at all is as late, and then
      // the alert is about the present one.
      expr=lib.unlessSilenced(
        ('((%(ready)s == 0) and on (job, instance, domain) %(due)s or ' +
         '%(due)s unless on (job, instance, domain) %(ready)s)') % {
          ready: lib.seen('dkim_rotation_next_key_ready'),
          due: '(domain_selector:dkim_rotation_due:remaining_seconds < %d)' % text.seconds(config.nextKeyLead),
        }
      ),
      wait='planned',
      severity='warning',
      summary=subject + 'the next key is not on every server, and the present one is due soon',
      description='The present key reaches its highest age within %s. ' % config.nextKeyLead +
                  'A key has to be everywhere for a while before mail may be signed with it.' + next,
    ),
    lib.alert(
      name='DkimRotationBlocked',
      expr='%s unless on (domain) dkim_maintenance_info' % lib.seen('dkim_rotation_step', 'state="blocked"'),
      wait='planned',
      severity='warning',
      summary='{{ $labels.domain }}: the change of keys cannot go on at the step {{ $labels.step }}',
      description='Something has to be mended first.' + next,
    ),
    lib.alert(
      name='DkimRotationUnknown',
      expr='%s == 3 unless on (domain) dkim_maintenance_info' % lib.seen('dkim_rotation_status'),
      wait='lasting',
      severity='warning',
      summary='{{ $labels.domain }}: where the change of keys stands could not be seen',
      description='What may be done next depends on servers that gave no answer, or on dates that the settings do ' +
                  'not tell. `dkimprobe rotation {{ $labels.domain }}` says which.',
    ),
  ]
