// alerts.md: what each alert is for, whence runbook_url leads.
local mixin = import '../mixin.libsonnet';
local groups = mixin.prometheusAlerts.groups;
local titles = {
  'dkim-rotation': 'Rotations that the settings plan',
  'dkim-blind': 'Nothing is seen',
  dkimprobe: 'The program itself',
};

// {{ $labels.domain }}: DOMAIN
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
  if rule.labels.severity == '{{ $labels.severity }}' then 'as the program says' else rule.labels.severity;
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

  Made from the mixin by `exporters/mixin/render`. What stands in capitals is a label of the alert.
||| + std.join('', [
  '\n## %s\n' % titles[group.name] + std.join('', [of(rule) for rule in group.rules])
  for group in groups
  if std.objectHas(titles, group.name)
]) + |||

  ## What is found in the world
  One for each check of the catalogue. The severity is that of the finding: role and policy may change it, and a notice
  wakes nobody. During planned work (`maintenance` in the settings) none fires.

  | alert | check | after |
  | --- | --- | --- |
||| + std.join('', [
  '| %s | [%s](../../checks/README.md#%s) | %s |\n' % [rule.alert, rule.labels.check, anchor(rule), rule['for']]
  for rule in groups[0].rules
  if std.objectHas(rule.labels, 'check')
]) + |||

  ### DkimOtherFault
  A check that these alerts do not know, since the program is newer. Load the alerts that came with it.
|||
