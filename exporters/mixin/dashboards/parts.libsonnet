// The kinds of panels that the dashboards consist of. It knows no metric.
local datasource = { type: 'prometheus', uid: '$datasource' };

{
  // ---- Queries ----

  range(expr, legend):: {
    datasource: datasource,
    expr: expr,
    legendFormat: legend,
    range: true,
    instant: false,
    editorMode: 'code',
  },
  instant(expr, legend=''):: {
    datasource: datasource,
    expr: expr,
    legendFormat: legend,
    range: false,
    instant: true,
    editorMode: 'code',
  },
  rows(expr):: self.instant(expr) { format: 'table' },

  // ---- Value formats ----

  thresholds(steps):: {
    mode: 'absolute',
    steps: [{ color: step[1], value: step[0] } for step in steps],
  },
  green:: self.thresholds([[null, 'green']]),
  alarmAbove(value):: self.thresholds([[null, 'green'], [value, 'red']]),
  alarmBelow(value):: self.thresholds([[null, 'red'], [value, 'green']]),
  words(words):: [{
    type: 'value',
    options: {
      [word[0]]: { text: word[1], color: word[2], index: at }
      for at in std.range(0, std.length(words) - 1)
      for word in [words[at]]
    },
  }],
  status:: self.words([['0', 'ok', 'green'], ['1', 'warning', 'orange'], ['2', 'critical', 'red'], ['3', 'unknown', 'purple']]),
  yesNo(yes, no):: self.words([['1', 'yes', yes], ['0', 'no', no]]),

  // ---- Panels ----

  local base(type, title, about, targets) = {
    type: type,
    title: title,
    description: about,
    datasource: datasource,
    targets: [targets[at] { refId: std.char(65 + at) } for at in std.range(0, std.length(targets) - 1)],
  },

  stat(title, about, targets, defaults={}):: base('stat', title, about, targets) {
    fieldConfig: { defaults: { color: { mode: 'thresholds' }, thresholds: $.green } + defaults, overrides: [] },
    options: {
      reduceOptions: { calcs: ['lastNotNull'], values: false, fields: '' },
      colorMode: 'value',
      graphMode: 'none',
      justifyMode: 'auto',
      textMode: 'auto',
      orientation: 'auto',
      wideLayout: true,
      showPercentChange: false,
      percentChangeColorMode: 'standard',
    },
  },

  graph(title, about, targets, unit='short', defaults={}, custom={}):: base('timeseries', title, about, targets) {
    fieldConfig: {
      defaults: {
        unit: unit,
        min: 0,
        custom: { drawStyle: 'line', lineWidth: 1, fillOpacity: 10, showPoints: 'never' } + custom,
      } + defaults,
      overrides: [],
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  },
  stacked:: { stacking: { mode: 'normal', group: 'A' }, fillOpacity: 60 },

  timeline(title, about, targets, mappings):: base('state-timeline', title, about, targets) {
    fieldConfig: {
      defaults: { mappings: mappings, color: { mode: 'thresholds' }, thresholds: $.green, custom: { fillOpacity: 80, lineWidth: 0 } },
      overrides: [],
    },
    options: {
      mergeValues: true,
      showValue: 'never',
      alignValue: 'left',
      rowHeight: 0.9,
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'single', sort: 'none' },
    },
  },

  bars(title, about, targets, defaults={}):: base('bargauge', title, about, targets) {
    fieldConfig: { defaults: { color: { mode: 'thresholds' }, thresholds: $.green, min: 0 } + defaults, overrides: [] },
    options: {
      reduceOptions: { calcs: ['lastNotNull'], values: false, fields: '' },
      displayMode: 'basic',
      orientation: 'horizontal',
      showUnfilled: true,
      valueMode: 'color',
      namePlacement: 'auto',
      sizing: 'auto',
      minVizWidth: 8,
      minVizHeight: 16,
      maxVizHeight: 300,
      legend: { displayMode: 'list', placement: 'bottom', showLegend: false, calcs: [] },
    },
  },

  // `columns`: pairs of a field and its title, in order; other fields are left out.
  table(title, about, targets, columns, overrides=[], defaults={}, transformations=null):: base('table', title, about, targets) {
    fieldConfig: { defaults: { custom: { align: 'auto', filterable: true } } + defaults, overrides: overrides },
    options: {
      showHeader: true,
      cellHeight: 'sm',
      footer: { show: false, reducer: ['sum'], countRows: false },
      frameIndex: 0,
    },
    transformations: if transformations != null then transformations else $.columns(columns),
  },
  columns(columns, merged=false):: (if merged then [{ id: 'merge', options: {} }] else []) + [
    { id: 'filterFieldsByName', options: { include: { names: [column[0] for column in columns] } } },
    {
      id: 'organize',
      options: {
        indexByName: { [columns[at][0]]: at for at in std.range(0, std.length(columns) - 1) },
        renameByName: { [column[0]]: column[1] for column in columns },
      },
    },
  ],
  // The format of one table column.
  column(name, properties):: {
    matcher: { id: 'byName', options: name },
    properties: [{ id: id, value: properties[id] } for id in std.objectFields(properties)],
  },
  colored:: { type: 'color-text' },
  time:: { unit: 'dateTimeAsIso' },
  link(title, url):: [{ title: title, url: url, targetBlank: false }],

  // ---- The page ----

  // `rows` are pairs of a height and a list of panels with their widths: [[4, [[6, panel], [18, panel]]], ...]. A string is
  // the title of a row.
  layout(rows)::
    local place(state, row) =
      if std.isString(row) then state {
        y: state.y + 1,
        panels+: [{
          type: 'row',
          title: row,
          collapsed: false,
          id: std.length(state.panels) + 1,
          gridPos: { x: 0, y: state.y, w: 24, h: 1 },
          panels: [],
        }],
      } else state {
        y: state.y + row[0],
        panels+: std.foldl(function(line, each) line {
          x: line.x + each[0],
          panels+: [each[1] {
            id: std.length(state.panels) + std.length(line.panels) + 1,
            gridPos: { x: line.x, y: state.y, w: each[0], h: row[0] },
          }],
        }, row[1], { x: 0, panels: [] }).panels,
      };
    std.foldl(place, rows, { y: 0, panels: [] }).panels,

  variable(name, label, query, multi):: {
    type: 'query',
    name: name,
    label: label,
    datasource: datasource,
    query: { query: query, refId: 'variable' },
    refresh: 2,
    sort: 1,
    multi: multi,
    includeAll: multi,
    [if multi then 'allValue']: '.*',
    [if multi then 'current']: { selected: true, text: ['All'], value: ['$__all'] },
    options: [],
    hide: 0,
    skipUrlSync: false,
  },
  pageVariable(url):: {
    type: 'textbox',
    name: 'status_page',
    label: 'status page',
    query: url,
    current: { selected: true, text: url, value: url },
    options: [{ selected: true, text: url, value: url }],
    hide: 0,
    skipUrlSync: false,
  },

  dashboard(config, uid, title, about, variables, links, rows):: {
    uid: uid,
    title: title,
    description: about,
    tags: config.dashboardTags,
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    fiscalYearStartMonth: 0,
    timezone: 'utc',
    time: { from: 'now-24h', to: 'now' },
    refresh: config.dashboardRefresh,
    annotations: { list: [] },
    links: [
      { title: 'DKIM', type: 'dashboards', icon: 'external link', tooltip: '', asDropdown: true, includeVars: true, keepTime: true, tags: config.dashboardTags, targetBlank: false },
    ] + [
      { title: link[0], type: 'link', icon: 'external link', tooltip: '', url: link[1], asDropdown: false, includeVars: false, keepTime: false, tags: [], targetBlank: true }
      for link in links
    ],
    templating: {
      list: [{
        type: 'datasource',
        name: 'datasource',
        label: 'data source',
        query: 'prometheus',
        refresh: 1,
        multi: false,
        includeAll: false,
        options: [],
        hide: 0,
        skipUrlSync: false,
      }] + variables,
    },
    panels: $.layout(rows),
  },
}
