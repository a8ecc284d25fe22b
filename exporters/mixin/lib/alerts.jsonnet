(import 'yaml.libsonnet').groups((import '../mixin.libsonnet').prometheusAlerts.groups)
