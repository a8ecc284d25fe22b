{
  prometheusAlerts+:: {
    groups+: [
      { name: 'dkim-maintenance', rules: (import 'maintenance.libsonnet')($._config) },
      { name: 'dkim-findings', rules: (import 'findings.libsonnet')($._config) },
      { name: 'dkim-rotation', rules: (import 'rotation.libsonnet')($._config) },
      { name: 'dkim-blind', rules: (import 'blind.libsonnet')($._config) },
    ] + (
      if $._config.withDaemon then [{ name: 'dkimprobe', rules: (import 'program.libsonnet')($._config) }] else []
    ),
  },
}
