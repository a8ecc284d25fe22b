// Text helpers for alerts and dashboards.
{
  // 'a="b"' and 'c="d"' become '{a="b",c="d"}'; empty parts are left out.
  matchers(parts)::
    local conditions = std.filter(function(part) part != '', parts);
    if conditions == [] then '' else '{%s}' % std.join(',', conditions),

  sentence(clause)::
    local first = std.asciiUpper(clause[0]) + clause[1:];
    // A tag such as t=y stays in lower case.
    local begun = if std.length(clause) > 1 && clause[1] == '=' then clause else first;
    if std.endsWith(begun, '.') then begun else begun + '.',

  // key_rsa_weak becomes KeyRsaWeak.
  camelCase(name):: std.join('', [std.asciiUpper(word[0]) + word[1:] for word in std.split(name, '_')]),

  // 7d becomes 604800.
  seconds(duration)::
    local units = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };
    local last = std.length(duration) - 1;
    std.parseInt(duration[:last]) * units[duration[last]],
}
