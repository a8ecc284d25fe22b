// alerts.md, to which runbook_url points: what each alert means.
local mixin = import '../mixin.libsonnet';
local groups = mixin.prometheusAlerts.groups;
local titles = {
  'dkim-rotation': 'Rotations',
  'dkim-blind': 'Missing data',
  dkimprobe: 'The program itself',
};

// Replaces {{ $labels.domain }} by DOMAIN.
local plain(text) =
  std.foldl(
    function(text, name) std.strReplace(text, '{{ $labels.%s }}' % name, std.asciiUpper(name)),
    ['domain', 'selector', 'instance', 'check', 'fault', 'step', 'file'],
    std.strReplace(std.strReplace(text, '{{ $value | humanizePercentage }}', 'N %'), '{{ $value }}', 'N'),
  );
local withoutPage(description) =
  local at = std.findSubstr(' Status page: ', description);
  if at == [] then description else description[:at[0]];
local severity(rule) =
  if rule.labels.severity == '{{ $labels.severity }}' then 'as the program reports' else rule.labels.severity;
local anchor(rule) = std.split(rule.annotations.runbook_url, '#')[1];

local of(rule) = |||

  ### %(name)s
  %(summary)s. %(description)s

  - Severity: %(severity)s
  - After: %(wait)s
  - Expression: `%(expr)s`
||| % {
  name: rule.alert,
  summary: plain(rule.annotations.summary),
  description: plain(withoutPage(rule.annotations.description)),
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
  notice never alerts. None of these alerts fires during maintenance (`maintenance` in the settings).

  | alert | check | after |
  | --- | --- | --- |
||| + std.join('', [
  '| %s | [%s](../../checks/README.md#%s) | %s |\n' % [rule.alert, rule.labels.check, anchor(rule), rule['for']]
  for rule in groups[0].rules
  if std.objectHas(rule.labels, 'check')
]) + |||

  ### DkimOtherFault
  A check that these alerts do not know, because the program is newer. Load the alerts of its version.
|||
