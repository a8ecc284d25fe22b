// Alerts about rotations that the settings plan: what is wrong now, and what will miss its date.
local text = import '../lib/text.libsonnet';

function(config)
  local lib = (import '../lib/alert.libsonnet')(config);
  local subject = '{{ $labels.selector }} at {{ $labels.domain }}: ';
  local next = ' `dkimprobe rotation {{ $labels.domain }}` says what comes next. ' + lib.statusPage;

  // Faults of a rotation by the name the program gives them. `check` is the finding that says the same of the selector
  // alone: where it is there, one alert is enough.
  local faults = [
    {
      fault: 'signing_key_not_right',
      alert: 'DkimSigningKeyNotRight',
      wait: 'critical',
      summary: 'the key that signs is not right on every server',
      description: 'Mail fails wherever a verifier meets the wrong server. Publish the key there, or sign with a ' +
                   'selector that is right on every server.',
    },
    {
      fault: 'signing_key_not_seen',
      alert: 'DkimSigningKeyNotSeen',
      wait: 'unsteady',
      summary: 'the key that signs was not seen on every server',
      description: 'Whether mail can be verified with what these servers say is not known. See why they give no answer.',
    },
    {
      fault: 'next_key_not_everywhere',
      alert: 'DkimNextKeyNotEverywhere',
      wait: 'planned',
      summary: 'a server has the next key for a day or longer, and others still do not',
      description: 'Mail must not be signed with it yet. Let the other servers transfer the zone again.',
    },
    {
      fault: 'selector_reused_too_soon',
      check: 'selector_reused_too_soon',
      alert: 'DkimSelectorReusedTooSoon',
      wait: 'critical',
      summary: 'it has a new key, and an earlier one was in use until lately',
      description: 'Mail that the earlier key signed may be on its way, and caches may hold that key. Give the new ' +
                   'key a selector of its own.',
    },
    {
      fault: 'removed_too_early',
      check: 'removed_too_early',
      alert: 'DkimKeyRemovedTooEarly',
      wait: 'critical',
      summary: 'its key was removed while mail that it signed may be on its way',
      description: 'Such mail cannot be verified any more. Publish the record again until its time is over.',
    },
    {
      fault: 'old_key_still_published',
      check: 'retired_key_still_published',
      alert: 'DkimOldKeyStillPublished',
      wait: 'planned',
      summary: 'its key signs no longer, and is still published after its date',
      description: 'Whoever has the old key can still sign with it. Revoke it with an empty p=, and remove it later.',
    },
    {
      fault: 'rotation_overdue',
      alert: 'DkimRotationOverdue',
      wait: 'planned',
      summary: 'the key was to change by now',
      description: 'It is older than the settings allow. Begin the change to the next key.',
    },
  ];
  local loud = 'severity=~"critical|warning"';
  local unlessFound(fault) =
    if std.objectHas(fault, 'check')
    then ' unless on (domain, selector) ' + lib.seen('dkim_finding', 'check="%s",%s' % [fault.check, loud])
    else '';

  [
    lib.alert(
      name=fault.alert,
      expr=lib.unlessSilenced(lib.seen('dkim_rotation_fault', 'fault="%s",%s' % [fault.fault, loud])) +
           unlessFound(fault),
      wait=fault.wait,
      severity='{{ $labels.severity }}',
      summary=subject + fault.summary,
      description=fault.description + next,
      labels={ fault: fault.fault },
    )
    for fault in faults
  ] + [
    lib.alert(
      name='DkimRotationFault',
      expr=lib.unlessSilenced(lib.seen('dkim_rotation_fault', 'fault!~"%s",%s' % [
        std.join('|', [fault.fault for fault in faults]),
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
      expr='%s unless on (domain) dkim_silence_info' % lib.seen('dkim_rotation_step', 'state="blocked"'),
      wait='planned',
      severity='warning',
      summary='{{ $labels.domain }}: the change of keys cannot go on at the step {{ $labels.step }}',
      description='Something has to be mended first.' + next,
    ),
    lib.alert(
      name='DkimRotationUnknown',
      expr='%s == 3 unless on (domain) dkim_silence_info' % lib.seen('dkim_rotation_status'),
      wait='lasting',
      severity='warning',
      summary='{{ $labels.domain }}: where the change of keys stands could not be seen',
      description='What may be done next depends on servers that gave no answer, or on dates that the settings do ' +
                  'not tell. `dkimprobe rotation {{ $labels.domain }}` says which.',
    ),
  ]
