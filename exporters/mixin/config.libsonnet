// Everything that may differ from site to site. Overlay it: (import 'mixin.libsonnet') + { _config+:: { ... } }
{
  _config+:: {
    // Whether the daemon runs. With the textfile collector alone, set it to false to leave out the daemon's alerts.
    withDaemon: true,
    // Selects the series of the program itself. Change it when the job has another name.
    programSelector: 'job="dkimprobe"',
    // Selects the series of domains. Empty selects every job, so that series of the textfile collector and of /probe
    // alert too.
    worldSelector: '',

    // The status page. The scraped address is correct unless there is a proxy in front of it.
    statusUrl: 'http://{{ $labels.instance }}',
    // The guide to the checks, to which runbook_url of a finding points: the one that the daemon serves. Each check is an
    // anchor, as in checks/README.md. null for no link.
    guideUrl: if self.withDaemon then self.statusUrl + '/checks' else null,
    // Your copy of alerts.md, for the runbook_url of the other alerts. null for no link; their texts say what to do.
    alertsUrl: null,
    // The same for Grafana; users can change it at the top of a dashboard.
    dashboardStatusUrl: 'http://localhost:9815',

    // Labels added to each alert, such as { team: 'mail' }.
    alertLabels: {},

    // How long a condition must last before it alerts. The daemon probes every five minutes and reports a change only
    // after a second probe confirms it, so a lost packet causes no alert.
    wait: {
      maintenance: '0s',
      // The cause of other alerts, which it inhibits: it must fire before they do.
      cause: '2m',
      critical: '5m',
      warning: '30m',
      // Servers that fail now and then are probed three times before anybody is alerted.
      unsteady: '15m',
      // Secondaries need a while to transfer a zone; until then they differ.
      spreading: '20m',
      // A new key may be in testing mode for some days.
      testing: '3d',
      // The program reports an overdue step only after its grace time, so there is little to wait for.
      planned: '15m',
      lasting: '1d',
      blind: '10m',
      down: '5m',
      program: '15m',
    },
    // Names in `wait` for checks whose wait does not follow from their severity.
    waits: {
      answer_differs_between_ns: 'spreading',
      presence_differs_between_ns: 'spreading',
      rcode_differs_between_ns: 'spreading',
      ns_stale: 'spreading',
      adsp_differs_between_ns: 'spreading',
      ns_servfail: 'unsteady',
      ns_too_much_txt: 'unsteady',
      flag_testing: 'testing',
      retired_key_still_published: 'planned',
    },

    // A selector that was not probed for this many of its intervals alerts.
    blindIntervals: 3,
    // The next key should be on every server this long before the current key is due.
    nextKeyLead: '7d',
    // Above this ratio of probes without any answer, the machine itself is the likelier cause.
    failedProbesRatio: 0.5,
    // The largest ratio of domains that may be removed from the settings within an hour.
    lostDomainsRatio: 0.5,
    restartsPerHour: 3,
    // The maximum age of the file for the textfile collector.
    textfileAge: '2h',

    // Fixed names of alerts. Other alerts are named after their check.
    alertNames: {
      selector_missing_nxdomain: 'DkimKeyMissing',
      selector_missing_nodata: 'DkimKeyMissing',
      key_missing_p: 'DkimKeyMissing',
      key_rsa_weak: 'DkimKeyWeak',
      key_rsa_too_small: 'DkimKeyWeak',
      answer_differs_between_ns: 'DkimServersDiffer',
      presence_differs_between_ns: 'DkimServersDiffer',
      rcode_differs_between_ns: 'DkimServersDiffer',
      ns_stale: 'DkimSecondaryStale',
      soa_serial_drift: 'DkimSecondaryStale',
      flag_testing: 'DkimTestingFlagLeft',
      ns_no_tcp_after_tc: 'DkimTruncatedWithoutTcp',
      key_age_exceeded: 'DkimKeyTooOld',
      removed_too_early: 'DkimKeyRemovedTooEarly',
      retired_key_still_published: 'DkimOldKeyStillPublished',
    },

    dashboardTags: ['dkim'],
    dashboardRefresh: '1m',
  },
}
