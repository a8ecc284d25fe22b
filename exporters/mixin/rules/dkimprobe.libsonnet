// Recording rules for expressions that alerts and dashboards share.
function(config)
  local lib = (import '../lib/alert.libsonnet')(config);

  [
    {
      record: 'domain_selector:dkim_selector_probe_age:intervals',
      expr: '(time() - %s) / %s' % [
        lib.seen('dkim_selector_last_probe_timestamp_seconds'),
        lib.seen('dkim_selector_interval_seconds'),
      ],
    },
    {
      record: 'domain_selector:dkim_nameserver_answer:avg',
      expr: 'avg without (nameserver, address) (%s)' % lib.seen('dkim_nameserver_answer'),
    },
    {
      record: 'domain_selector:dkim_rotation_due:remaining_seconds',
      expr: '%s - time()' % lib.seen('dkim_rotation_due_timestamp_seconds'),
    },
    {
      record: 'instance:dkimprobe_domain_probes:increase30m',
      expr: 'sum without (depth) (increase(%s[30m]))' % lib.own('dkimprobe_domain_probes_total'),
    },
    {
      record: 'instance:dkimprobe_domain_probes_failed:ratio_increase30m',
      // Without any probe there is no ratio; DkimSelectorBlind fires then.
      expr: 'increase(%s[30m]) / (instance:dkimprobe_domain_probes:increase30m > 0)' % lib.own('dkimprobe_domain_probes_failed_total'),
    },
  ]
