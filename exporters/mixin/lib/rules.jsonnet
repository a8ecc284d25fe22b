(import 'yaml.libsonnet').groups((import '../mixin.libsonnet').prometheusRules.groups)
