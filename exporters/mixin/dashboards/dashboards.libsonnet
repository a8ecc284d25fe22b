{
  grafanaDashboards+:: {
    'dkim-fleet.json': (import 'fleet.libsonnet')($._config),
    'dkim-domain.json': (import 'domain.libsonnet')($._config),
    'dkimprobe.json': (import 'prober.libsonnet')($._config),
  },
}
