// Everything that may differ from one house to the next. Overlay it: (import 'mixin.libsonnet') + { _config+:: { ... } }
{
  _config+:: {
    // Whether the daemon runs. Without it, with the textfile collector alone, nothing is told of it.
    withDaemon: true,
    // Which series are the program's own. A job of another name is told here.
    programSelector: 'job="dkimprobe"',
    // Which series are of the world. Empty: of every job, so that the textfile collector's and those of /probe
    // alert too.
    worldSelector: '',

    // Where your people read the sources of dkimprobe: runbook_url leads there. Nothing fits all, so say yours.
    sourceUrl: 'https://git.example/dkimprobe/blob/main',
    // The status page. The address that Prometheus scrapes is right unless a proxy stands before it.
    statusUrl: 'http://{{ $labels.instance }}',
    // The same for Grafana, whose users may change it at the top of the dashboard.
    dashboardStatusUrl: 'http://localhost:9815',

    // Labels that each alert gets, such as { team: 'mail' }.
    alertLabels: {},

    // How long something has to be so before it alerts. The daemon looks every five minutes, and believes a change
    // only once a second round has shown it: what it tells is no lost packet.
    wait: {
      critical: '5m',
      warning: '30m',
      // Servers that fail now and then are asked three times before anybody is woken.
      unsteady: '15m',
      // Secondaries need a while to transfer a zone; during it they differ.
      spreading: '20m',
      // A new key may be a test for some days.
      testing: '3d',
      // What has a date is late by days, not by minutes.
      planned: '1h',
      lasting: '1d',
      blind: '10m',
      down: '5m',
      program: '15m',
    },
    // Names in `wait` for checks that do not wait as their severity says.
    waits: {
      answer_differs_between_ns: 'spreading',
      presence_differs_between_ns: 'spreading',
      rcode_differs_between_ns: 'spreading',
      ns_stale: 'spreading',
      adsp_differs_between_ns: 'spreading',
      ns_servfail: 'unsteady',
      flag_testing: 'testing',
    },

    // A selector nobody has looked at for so many of its intervals is not watched any more.
    blindIntervals: 3,
    // The next key should be on every server for so long before the present one is due.
    nextKeyLead: '7d',
    // The share of rounds without any server, above which the machine itself is the likelier cause.
    failedProbesRatio: 0.5,
    // The share of domains that may leave the settings within an hour.
    lostDomainsRatio: 0.5,
    restartsPerHour: 3,
    // How old the file of the textfile collector may grow.
    textfileAge: '2h',

    // Alerts of well-known names; of other checks it is made from the name of the check.
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
