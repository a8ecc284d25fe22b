// Groups of rules as YAML. std.manifestYamlDoc does the same but takes 15 s. Here, long texts are written as they are, so
// they must have only one line; labels are written as JSON.
local texts(of) = std.join('', ['      %s: |-\n        %s\n' % [name, of[name]] for name in std.objectFields(of)]);

local rule(of) =
  (if std.objectHas(of, 'alert') then '  - alert: %s\n' % of.alert else '  - record: %s\n' % of.record) +
  '    expr: |-\n      %s\n' % of.expr +
  (if std.objectHas(of, 'for') then '    for: %s\n' % of['for'] else '') +
  (if std.objectHas(of, 'labels') then '    labels: %s\n' % std.toString(of.labels) else '') +
  (if std.objectHas(of, 'annotations') then '    annotations:\n' + texts(of.annotations) else '');

{
  groups(groups):: 'groups:\n' + std.join('', [
    '- name: %s\n  rules:\n' % group.name + std.join('', [rule(each) for each in group.rules])
    for group in groups
  ]),
}
