// alerts.md, to which runbook_url points: what each alert means.
local mixin = import '../mixin.libsonnet';
local groups = mixin.prometheusAlerts.groups;
local titles = {
  'dkim-maintenance': 'Maintenance',
  'dkim-rotation': 'Rotations',
  'dkim-blind': 'Missing data',
  dkimprobe: 'The program itself',
};

// Replaces {{ $labels.domain }} by DOMAIN.
local plain(text) =
  std.foldl(
    function(text, name) std.strReplace(text, '{{ $labels.%s }}' % name, std.asciiUpper(name)),
    ['domain', 'selector', 'instance', 'check', 'fault', 'step', 'file', 'reason'],
    std.strReplace(std.strReplace(text, '{{ $value | humanizePercentage }}', 'N %'), '{{ $value }}', 'N'),
  );
local severity(rule) =
  if rule.labels.severity == '{{ $labels.severity }}' then 'as the program reports' else rule.labels.severity;
local of(rule) = |||

  ### %(name)s
  %(summary)s. %(description)s

  - Severity: %(severity)s
  - After: %(wait)s
  - Expression: `%(expr)s`
||| % {
  name: rule.alert,
  summary: plain(rule.summary),
  description: plain(rule.description),
  severity: severity(rule),
  wait: rule['for'],
  expr: rule.expr,
};

|||
  # The alerts

  Generated from the mixin by `exporters/mixin/render`. Words in capitals stand for labels of the alert.
||| + std.join('', [
  '\n## %s\n' % titles[group.name] + std.join('', [of(rule) for rule in group.rules])
  for group in groups
  if std.objectHas(titles, group.name)
]) + |||

  ## Findings
  One alert for each check of the catalogue, with the severity of the finding. Role and policy may change the severity; a
  notice never alerts. The servers are in the summary.

  | alert | check | after |
  | --- | --- | --- |
||| + std.join('', [
  '| %s | [%s](../../checks/README.md#%s) | %s |\n' % [rule.alert, rule.labels.check, rule.labels.check, rule['for']]
  for group in groups
  for rule in group.rules
  if std.objectHas(rule.labels, 'check')
]) + |||

  ### DkimOtherFault
  A check that these alerts do not know, because the program is newer. Load the alerts of its version.
|||
