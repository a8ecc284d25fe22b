// Maintenance is an alert that inhibits others in Alertmanager. So a fault that remains stays firing and is muted; if
// maintenance were part of the expressions, its begin would report every fault as resolved.
function(config)
  local lib = (import '../lib/alert.libsonnet')(config);

  [
    lib.alert(
      name='DkimMaintenance',
      expr=lib.seen('dkim_maintenance_info'),
      wait='maintenance',
      severity='none',
      summary='{{ $labels.selector }} at {{ $labels.domain }}: in maintenance, {{ $labels.reason }}',
      description='No fault: it inhibits the other alerts about the selector. Notify nobody, as in alertmanager.yml.',
    ),
  ]
