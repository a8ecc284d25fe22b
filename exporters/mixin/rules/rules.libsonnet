{
  prometheusRules+:: {
    groups+: [{ name: 'dkimprobe.rules', rules: (import 'dkimprobe.libsonnet')($._config) }],
  },
}
